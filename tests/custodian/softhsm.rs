//! A SoftHSM2 token of a test's own, where SoftHSM2 is installed.

use crate::common::skipped;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub const LABEL: &str = "whosaw test";
pub const PIN: &str = "85241-pin";

/// The module, if it is installed; the variable names it where no package put it.
fn module() -> Option<PathBuf> {
    let stated = std::env::var_os("SOFTHSM2_MODULE").map(PathBuf::from);
    let usual = ["/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm"];
    let usual = usual.iter().map(|directory| Path::new(directory).join("libsofthsm2.so"));
    stated.into_iter().chain(usual).find(|path| path.exists())
}

pub struct SoftHsm {
    pub module: PathBuf,
    pub place: PathBuf,
    _temporary: Option<TempDir>,
}

impl SoftHsm {
    /// An initialised token; nothing where SoftHSM2 is not installed, which is said.
    pub fn new() -> Option<Self> {
        let Some(module) = module() else {
            skipped("SoftHSM2 is not installed, so no PKCS#11 token was tried");
            return None;
        };
        let temporary = tempfile::Builder::new().prefix("whosaw-token-").tempdir().expect("a temporary directory");
        let place = temporary.path().to_owned();
        let token = SoftHsm { module, place, _temporary: Some(temporary) };
        std::fs::create_dir(token.files()).expect("makes");
        let files = token.files();
        let conf =
            format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", files.display());
        std::fs::write(token.conf(), conf).expect("writes");
        token.init_token(LABEL);
        token.write_pin(PIN);
        Some(token)
    }

    pub fn init_token(&self, label: &str) {
        let mut command = Command::new("softhsm2-util");
        command.args(["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "85241-so"]);
        let said = command.env("SOFTHSM2_CONF", self.conf()).output().expect("softhsm2-util comes with the module");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }

    pub fn conf(&self) -> PathBuf {
        self.place.join("softhsm2.conf")
    }

    /// Where the token lies.
    pub fn files(&self) -> PathBuf {
        self.place.join("tokens")
    }

    pub fn pin_file(&self) -> PathBuf {
        self.place.join("pin")
    }

    pub fn write_pin(&self, pin: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(self.pin_file(), format!("{pin}\n")).expect("writes");
        std::fs::set_permissions(self.pin_file(), std::fs::Permissions::from_mode(0o600)).expect("chmod");
    }

    /// The token is taken out.
    pub fn take_out(&self) {
        std::fs::rename(self.files(), self.place.join("taken-out")).expect("renames");
    }

    pub fn put_back(&self) {
        std::fs::rename(self.place.join("taken-out"), self.files()).expect("renames");
    }
}

const PLACE: &str = "TOKEN_TEST_PLACE";

/// Runs a test on a token in a process of its own: a module takes its settings from the environment, and keeps to what it
/// found there first.
pub fn on_token(name: &str, test: impl FnOnce(&SoftHsm)) {
    if let Some(place) = std::env::var_os(PLACE) {
        let module = module().expect("the parent found it");
        return test(&SoftHsm { module, place: place.into(), _temporary: None });
    }
    let Some(token) = SoftHsm::new() else { return };
    let mut command = Command::new(std::env::current_exe().expect("a test has a file"));
    command.args(["--exact", name, "--nocapture"]);
    command.env("SOFTHSM2_CONF", token.conf()).env(PLACE, &token.place);
    let said = command.output().expect("the test runs");
    let out = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{out}\n{}", String::from_utf8_lossy(&said.stderr));
    assert!(out.contains("1 passed"), "no test is called {name}:\n{out}");
}
