//! Settings: a TOML file, `WHOSAW_…` in the environment, flags; the later ones win.
//!
//! All mistakes are found at once, because mending one after the other costs a restart each. Knows what a setting may be,
//! not what it is for.

use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::{Figment, Provider as _};
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What `whosaw serve` goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where everything lives unless said otherwise.
    pub data: PathBuf,
    /// Signing keys and the keys of persons; outside the database and outside its backups.
    pub keys: PathBuf,
    /// Guards; outside every backup.
    pub guard: PathBuf,
    /// Who keeps the keys of persons; nothing where what the settings say of it is wrong.
    pub custodian: Option<Custodian>,
    /// gRPC, metrics, health and tiles.
    pub listen: SocketAddr,
    pub tls: Option<Tls>,
    /// What identifies this machine; absent: what the operating system says.
    pub machine: Option<String>,
    /// A `tracing` filter, such as `info` or `whosaw=debug`.
    pub log: String,
    pub log_format: LogFormat,
    /// Entries and bytes that may wait to be sequenced, for each ledger.
    pub waiting_entries: usize,
    pub waiting_bytes: usize,
    /// Memory that large actions under way may take together, as far as it can be told from what they sent.
    pub large_bytes: usize,
    /// Directories that get a mirror of the key table by each batch of erasures, before the old root key is destroyed.
    pub mirrors: Vec<PathBuf>,
    /// Hour of the day, UTC, from which on erasures that were asked for before it are done.
    pub erasure_hour: u8,
    /// How long reads go on once writing has stopped, seconds.
    pub drain_seconds: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Custodian {
    /// Files below `keys`.
    Directory,
    Pkcs11(Token),
}

/// A PKCS#11 token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The shared library that speaks for it.
    pub module: PathBuf,
    pub label: String,
    /// Absent: the PIN stands in [`PIN_VARIABLE`].
    pub pin_file: Option<PathBuf>,
}

/// Where a PIN may stand instead of in a file. No setting: it must get neither into the settings file nor into a log.
pub const PIN_VARIABLE: &str = "WHOSAW_PKCS11_PIN";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM files.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Only clients with a certificate from here are let in.
    pub client_ca: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Everything that is wrong, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Mistakes(pub Vec<String>);

/// What may stand in the file and, in capitals with `WHOSAW_` before it, in the environment.
const KNOWN: [&str; 21] = [
    "config",
    "data",
    "keys",
    "guard",
    "custodian",
    "pkcs11_module",
    "pkcs11_token",
    "pkcs11_pin_file",
    "listen",
    "tls_certificate",
    "tls_key",
    "tls_client_ca",
    "machine",
    "log",
    "log_format",
    "waiting_entries",
    "waiting_bytes",
    "large_bytes",
    "drain_seconds",
    "erasure_hour",
    "mirrors",
];

/// Guards stand beside the data and not in it: a copy of the whole directory, put back, would otherwise carry its guard
/// along and go unnoticed.
fn beside(data: &Path) -> PathBuf {
    match data.file_name() {
        Some(name) => {
            let mut name = name.to_owned();
            name.push(".guard");
            data.with_file_name(name)
        }
        None => data.join("guard"),
    }
}

pub const DEFAULT_LISTEN: &str = "127.0.0.1:7411";
pub const DEFAULT_DATA: &str = "whosaw-data";

/// Reads settings; `flags` are what the command line said, by name.
pub fn read(file: Option<&Path>, flags: &[(&'static str, String)]) -> Result<Settings, Mistakes> {
    let (settings, mistakes) = examine(file, flags);
    if mistakes.0.is_empty() { Ok(settings) } else { Err(mistakes) }
}

/// The settings as far as they can be read, defaults for the rest, and everything that is wrong.
pub fn examine(file: Option<&Path>, flags: &[(&'static str, String)]) -> (Settings, Mistakes) {
    let mut figment = Figment::new();
    let mut mistakes = Vec::new();
    match file {
        Some(file) if !file.is_file() => {
            mistakes.push(format!("the settings file {} cannot be read", file.display()));
        }
        Some(file) => figment = figment.merge(Toml::file_exact(file)),
        None => {}
    }
    figment = figment.merge(Env::prefixed("WHOSAW_").filter(|key| !is_no_setting(key.as_str())));
    for (name, value) in flags {
        figment = match value.parse::<u64>() {
            Ok(number) => figment.merge(Serialized::default(name, number)),
            Err(_) => figment.merge(Serialized::default(name, value)),
        };
    }
    let mut reader = Reader { figment, mistakes };
    let settings = reader.settings();
    (settings, Mistakes(reader.mistakes))
}

/// A setting's name, as `--set` takes it.
pub fn known(name: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| *known == name && name != "config")
}

/// Variables of our own clients and tests, and the PIN, are no settings of a server, and may well be there when one is
/// started.
fn is_no_setting(key: &str) -> bool {
    ["pkcs11_pin", "server", "ca", "ledger", "caller", "test_data", "bless"]
        .contains(&key.to_ascii_lowercase().as_str())
}

struct Reader {
    figment: Figment,
    mistakes: Vec<String>,
}

impl Reader {
    fn settings(&mut self) -> Settings {
        self.unknown_keys();
        let data: PathBuf = self.value("data", "a path").unwrap_or_else(|| DEFAULT_DATA.into());
        let listen = self.text("listen").unwrap_or_else(|| DEFAULT_LISTEN.into());
        let listen = listen.parse::<SocketAddr>().unwrap_or_else(|_| {
            self.wrong("listen", "is not an address with a port, such as 127.0.0.1:7411");
            SocketAddr::from(([127, 0, 0, 1], 0))
        });
        let told = self.mistakes.len();
        let custodian = Some(self.custodian()).filter(|_| self.mistakes.len() == told);
        let tls = self.tls();
        if tls.is_none() && !listen.ip().is_loopback() {
            self.wrong(
                "listen",
                "is not a loopback address: give tls_certificate and tls_key to be reachable from outside",
            );
        }
        let log = self.text("log").unwrap_or_else(|| "info".into());
        let level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
        let words = log.split(',').map(str::trim).filter(|word| !word.is_empty());
        // A bare word that is no level would be taken for a module's name, and nothing be logged.
        let misspelt = words.clone().any(|word| !word.contains(['=', '[']) && !level(word)) || words.count() == 0;
        if misspelt || log.parse::<tracing_subscriber::EnvFilter>().is_err() {
            self.wrong("log", "is not a log filter, such as info or whosaw=debug");
        }
        let log_format = match self.text("log_format").as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(_) => {
                self.wrong("log_format", "is neither text nor json");
                LogFormat::Text
            }
        };
        let settings = Settings {
            keys: self.value("keys", "a path").unwrap_or_else(|| data.join("keys")),
            guard: self.value("guard", "a path").unwrap_or_else(|| beside(&data)),
            data,
            custodian,
            listen,
            tls,
            machine: self.text("machine"),
            log,
            log_format,
            waiting_entries: self.bounded("waiting_entries", 65_536, 1..=1 << 24),
            waiting_bytes: self.bounded("waiting_bytes", 64 << 20, 1 << 20..=1 << 34),
            large_bytes: self.bounded("large_bytes", 1 << 30, 1 << 20..=1 << 34),
            mirrors: self.paths("mirrors"),
            erasure_hour: self.bounded("erasure_hour", 2, 0..=23) as u8,
            drain_seconds: self.bounded("drain_seconds", 10, 0..=3_600) as u64,
        };
        for (name, path) in [("keys", &settings.keys), ("guard", &settings.guard)] {
            if path.starts_with(settings.database()) {
                self.wrong(name, "lies inside the database directory, so that its backups would carry it");
            }
        }
        for mirror in &settings.mirrors {
            let own = [&settings.data, &settings.keys, &settings.guard];
            if own.iter().any(|own| mirror.starts_with(own)) {
                self.wrong("mirrors", "has a directory inside data, keys or guard, with which it would be lost");
            }
        }
        settings
    }

    /// A list in the file; in the environment paths with commas between them.
    fn paths(&mut self, name: &'static str) -> Vec<PathBuf> {
        let Ok(value) = self.figment.find_value(name) else { return Vec::new() };
        let texts: Option<Vec<String>> = match (value.as_str(), value.as_array()) {
            (Some(text), _) => Some(text.split(',').map(|path| path.trim().to_owned()).collect()),
            (None, Some(list)) => list.iter().map(|path| path.as_str().map(str::to_owned)).collect(),
            (None, None) => None,
        };
        match texts.filter(|texts| texts.iter().all(|path| Path::new(path).is_absolute())) {
            Some(texts) => texts.into_iter().map(PathBuf::from).collect(),
            None => {
                self.wrong(name, "is not a list of absolute paths");
                Vec::new()
            }
        }
    }

    fn custodian(&mut self) -> Custodian {
        let name = self.text("custodian");
        let module: Option<PathBuf> = self.file("pkcs11_module");
        let label = self.text("pkcs11_token");
        let pin_file = self.file("pkcs11_pin_file");
        if name.as_deref() == Some("pkcs11") {
            if module.is_none() {
                self.wrong("pkcs11_module", "is missing beside custodian = \"pkcs11\"");
            }
            if label.as_deref().is_none_or(|label| label.is_empty() || label.len() > 32) {
                self.wrong("pkcs11_token", "is missing beside custodian = \"pkcs11\", or no label of at most 32 bytes");
            }
            if pin_file.is_none() && std::env::var_os(PIN_VARIABLE).is_none() {
                self.wrong(
                    "pkcs11_pin_file",
                    &format!("is missing, and there is no {PIN_VARIABLE} in the environment"),
                );
            }
            let (module, label) = (module.unwrap_or_default(), label.unwrap_or_default());
            return Custodian::Pkcs11(Token { module, label, pin_file });
        }
        if name.is_some_and(|name| name != "directory") {
            self.wrong("custodian", "is neither directory nor pkcs11");
        }
        let given = [
            ("pkcs11_module", module.is_some()),
            ("pkcs11_token", label.is_some()),
            ("pkcs11_pin_file", pin_file.is_some()),
        ];
        for (name, _) in given.into_iter().filter(|(_, given)| *given) {
            self.wrong(name, "needs custodian = \"pkcs11\" beside it");
        }
        Custodian::Directory
    }

    fn tls(&mut self) -> Option<Tls> {
        let certificate: Option<PathBuf> = self.file("tls_certificate");
        let key: Option<PathBuf> = self.file("tls_key");
        let client_ca = self.file("tls_client_ca");
        match (certificate, key) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key, client_ca }),
            (None, None) => {
                if client_ca.is_some() {
                    self.wrong("tls_client_ca", "needs tls_certificate and tls_key beside it");
                }
                None
            }
            (Some(_), None) => {
                self.wrong("tls_key", "is missing beside tls_certificate");
                None
            }
            (None, Some(_)) => {
                self.wrong("tls_certificate", "is missing beside tls_key");
                None
            }
        }
    }

    fn file(&mut self, name: &'static str) -> Option<PathBuf> {
        let path: PathBuf = self.value(name, "a path")?;
        if let Err(error) = std::fs::File::open(&path) {
            self.wrong(name, &format!("cannot be read: {error}"));
        }
        Some(path)
    }

    /// Values from the environment and from flags come as text or as what they look like; both are fine.
    fn bounded(&mut self, name: &'static str, default: usize, within: std::ops::RangeInclusive<usize>) -> usize {
        let value: Option<usize> = match self.figment.find_value(name) {
            Err(_) => return default,
            Ok(value) => value
                .to_u128()
                .or_else(|| value.to_i128()?.try_into().ok())
                .map_or_else(|| value.as_str()?.parse().ok(), |number| number.try_into().ok()),
        };
        match value.filter(|value| within.contains(value)) {
            Some(value) => value,
            None => {
                self.wrong(name, &format!("is not a whole number from {} to {}", within.start(), within.end()));
                default
            }
        }
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.value(name, "text")
    }

    fn value<T: DeserializeOwned>(&mut self, name: &'static str, what: &str) -> Option<T> {
        self.figment.find_value(name).ok()?;
        match self.figment.extract_inner(name) {
            Ok(value) => Some(value),
            Err(_) => {
                self.wrong(name, &format!("is not {what}"));
                None
            }
        }
    }

    fn unknown_keys(&mut self) {
        match self.figment.data() {
            Ok(profiles) => {
                let keys: Vec<String> = profiles.values().flat_map(|dict| dict.keys().cloned()).collect();
                for key in keys.into_iter().filter(|key| !KNOWN.contains(&key.as_str())) {
                    self.mistakes.push(format!("{key} is not a setting"));
                }
            }
            Err(error) => self.mistakes.push(format!("the settings file is not readable TOML: {error}")),
        }
    }

    fn wrong(&mut self, name: &str, what: &str) {
        self.mistakes.push(format!("{name} {what}"));
    }
}

impl Settings {
    pub fn database(&self) -> PathBuf {
        self.data.join("db")
    }

    /// Keys of one ledger.
    pub fn ledger_keys(&self, number: u32) -> PathBuf {
        self.keys.join(format!("ledger-{number}"))
    }

    pub fn signing_key(&self, number: u32) -> PathBuf {
        self.ledger_keys(number).join("signing.key")
    }

    pub fn ledger_guard(&self, number: u32) -> PathBuf {
        self.guard.join(format!("ledger-{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, flags: &[(&'static str, String)]) -> Result<Settings, Mistakes> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("writes");
        read(Some(file.path()), flags)
    }

    #[test]
    fn flags_win_over_the_file() {
        let settings = read_text("listen = \"127.0.0.1:1\"\nlog = \"warn\"\nwaiting_entries = 7", &[]).expect("reads");
        assert_eq!((settings.listen.port(), settings.log.as_str(), settings.waiting_entries), (1, "warn", 7));
        let flags = [("listen", "127.0.0.1:2".to_owned()), ("waiting_entries", "8".to_owned())];
        let settings = read_text("listen = \"127.0.0.1:1\"\nlog = \"warn\"", &flags).expect("reads");
        assert_eq!((settings.listen.port(), settings.waiting_entries), (2, 8));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "listen = \"0.0.0.0:7411\"\nlsten = 3\nlog_format = \"xml\"\ntls_key = \"/nowhere\"\n\
                    waiting_entries = 0\nkeys = \"whosaw-data/db/keys\"\ncustodian = \"pkcs12\"\n\
                    pkcs11_token = \"t\"\npkcs11_pin = \"1234\"";
        let Err(Mistakes(mistakes)) = read_text(text, &[]) else { panic!("mistakes are not taken") };
        for expected in [
            "lsten is not",
            "log_format",
            "tls_key cannot",
            "tls_certificate is missing",
            "waiting_entries",
            "listen is not a loopback",
            "keys lies inside",
            "custodian is neither",
            "pkcs11_token needs",
            "pkcs11_pin is not a setting",
        ] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(expected)), "{expected}: {mistakes:?}");
        }
        assert!(!format!("{mistakes:?}").contains("1234"), "{mistakes:?}");
    }

    #[test]
    fn a_token_is_named_by_module_label_and_pin_file() {
        let place = tempfile::tempdir().expect("a directory");
        let (module, pin) = (place.path().join("module.so"), place.path().join("pin"));
        std::fs::write(&module, "").expect("writes");
        std::fs::write(&pin, "1234").expect("writes");
        let (module_text, pin_text) = (module.display(), pin.display());
        let text = format!(
            "custodian = \"pkcs11\"\npkcs11_module = \"{module_text}\"\npkcs11_token = \"keys\"\n\
             pkcs11_pin_file = \"{pin_text}\""
        );
        let settings = read_text(&text, &[]).expect("reads");
        let token = Token { module, label: "keys".into(), pin_file: Some(pin) };
        assert_eq!(settings.custodian, Some(Custodian::Pkcs11(token)));
        for text in ["", "custodian = \"directory\""] {
            assert_eq!(read_text(text, &[]).expect("reads").custodian, Some(Custodian::Directory));
        }
        let Err(Mistakes(mistakes)) = read_text("custodian = \"pkcs11\"", &[]) else { panic!("much is missing") };
        for expected in ["pkcs11_module is missing", "pkcs11_token is missing", "pkcs11_pin_file is missing"] {
            assert!(mistakes.iter().any(|mistake| mistake.starts_with(expected)), "{expected}: {mistakes:?}");
        }
        let text = "custodian = \"pkcs11\"\npkcs11_module = \"/nowhere.so\"\npkcs11_token = \"keys\"\n\
                    pkcs11_pin_file = \"/nowhere\"";
        let Err(Mistakes(mistakes)) = read_text(text, &[]) else { panic!("nothing is there") };
        assert!(mistakes.iter().all(|mistake| mistake.contains("cannot be read")), "{mistakes:?}");
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    }
}
