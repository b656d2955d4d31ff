//! `whosaw serve` and `whosaw init`.

use super::{CliError, Ended};
use crate::app;
use crate::config::{self, Mistakes, Settings};
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// Settings come from a TOML file, then from WHOSAW_… in the environment, then from flags; the later ones win.
#[derive(Args)]
pub struct Place {
    /// Settings file (TOML).
    #[arg(long, env = "WHOSAW_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of the database, and of keys unless they are set apart [default: whosaw-data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Directory of signing keys and of the keys of persons [default: DATA/keys].
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Directory of the guards that notice a rolled-back database; keep it out of every backup [default: DATA.guard].
    #[arg(long, value_name = "DIR")]
    guard: Option<PathBuf>,
    /// Any other setting of the settings file, such as tls_key=server.pem; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl Place {
    pub fn flags(&self) -> Result<Vec<(&'static str, String)>, CliError> {
        let paths = [("data", &self.data), ("keys", &self.keys), ("guard", &self.guard)].into_iter();
        let mut flags: Vec<_> =
            paths.filter_map(|(name, path)| Some((name, path.as_ref()?.display().to_string()))).collect();
        for text in &self.set {
            let (name, value) =
                text.split_once('=').ok_or_else(|| CliError::usage("--set takes a setting, NAME=VALUE"))?;
            let name = config::known(name).ok_or_else(|| CliError::usage(format!("there is no setting {name:?}")))?;
            flags.push((name, value.to_owned()));
        }
        Ok(flags)
    }
}

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// Address for gRPC, metrics, health and tiles; loopback unless TLS is configured [default: 127.0.0.1:7411].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// What is logged, such as info or whosaw=debug [default: info].
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// text or json [default: text].
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Say everything that is wrong with settings, keys, guards and ledgers, and end.
    #[arg(long)]
    check: bool,
}

impl Serve {
    pub fn run(self) -> Ended {
        let mut flags = self.place.flags()?;
        for (name, value) in [("listen", &self.listen), ("log", &self.log), ("log_format", &self.log_format)] {
            flags.extend(value.clone().map(|value| (name, value)));
        }
        let (settings, Mistakes(mut mistakes)) = config::examine(self.place.config.as_deref(), &flags);
        if self.check {
            mistakes.extend(app::check(&settings));
            if !mistakes.is_empty() {
                return wrong(&mistakes);
            }
            println!("all is well: settings, keys, guards and ledgers fit together");
            return Ok(0);
        }
        if !mistakes.is_empty() {
            return wrong(&mistakes);
        }
        app::forbid_core_dumps();
        app::install_log(&settings);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        // Whoever started it may read no more: it serves all the same.
        let tell = |address| drop(writeln!(std::io::stdout(), "whosaw listens on {address}"));
        let ended = runtime.block_on(app::serve(settings, tell));
        // What is left over, such as a reader that never read on, must not hold up the end.
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        match ended {
            Ok(app::Ended::Stopped) => Ok(0),
            Ok(app::Ended::Latched) => Ok(app::EXIT_LATCHED),
            Err(error) => Err(CliError::new(error.to_string())),
        }
    }
}

pub fn wrong(mistakes: &[String]) -> Ended {
    for mistake in mistakes {
        eprintln!("whosaw: {mistake}");
    }
    Ok(2)
}

#[derive(Args)]
pub struct Init {
    #[command(flatten)]
    place: Place,
    /// Name of the ledger for ever: a URL without scheme, such as ledger.example/agents.
    #[arg(long, value_name = "NAME")]
    origin: String,
}

impl Init {
    pub fn run(self) -> Ended {
        let settings = match config::read(self.place.config.as_deref(), &self.place.flags()?) {
            Ok(settings) => settings,
            Err(Mistakes(mistakes)) => return wrong(&mistakes),
        };
        check_origin("--origin", &self.origin)?;
        let number = app::init(&settings, &self.origin).map_err(|error| CliError::new(error.to_string()))?;
        tell(&settings, number.0, &self.origin);
        Ok(0)
    }
}

/// A name that can stand in signed notes (C2SP signed-note) and be written on paper.
pub fn check_origin(option: &str, origin: &str) -> Result<(), CliError> {
    let sound = !origin.is_empty()
        && origin.len() <= 128
        && origin.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_/:~".contains(&b))
        && !origin.contains("//");
    if sound {
        return Ok(());
    }
    let what = "takes a URL without scheme: letters, digits and . - _ / : ~, at most 128";
    Err(CliError::usage(format!("{option} {what}")))
}

fn tell(settings: &Settings, number: u32, origin: &str) {
    println!("ledger {origin} is made.");
    println!("  database      {}", settings.database().display());
    println!("  signing key   {}", settings.signing_key(number).display());
    match &settings.custodian {
        Some(config::Custodian::Pkcs11(token)) => {
            let label = settings.ledger_keys(number).join("pkcs11.label");
            println!("  persons' keys PKCS#11 token {}, by the label in {}", token.label, label.display());
        }
        _ => println!("  persons' keys {}", settings.ledger_keys(number).display()),
    }
    println!("  guard         {}", settings.ledger_guard(number).display());
    println!("Back up the keys apart from the database, and the guard never. Next: whosaw serve");
}
