//! Settings: what is unknown, what is unsafe, and TLS with and without certificates of clients.

use crate::common::records::*;
use crate::common::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::fs;
use std::path::{Path, PathBuf};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

#[test]
fn wrong_settings_are_named_wherever_they_stand() {
    let server = Setup::default().init();
    let file = server.place.join("settings.toml");
    let none: &[(&str, &str)] = &[];
    for (name, text, env, args, words) in [
        ("an unknown setting in the file", "lsten = \"127.0.0.1:0\"", none, "", "lsten is not a setting"),
        ("an unknown setting in the environment", "", &[("WHOSAW_LSTEN", "x")][..], "", "lsten is not a setting"),
        ("an address of the outside without TLS", "listen = \"0.0.0.0:0\"", none, "", "not a loopback address"),
        ("the same by a flag", "", none, "--listen [::]:0", "not a loopback address"),
        ("the same by the environment", "", &[("WHOSAW_LISTEN", "192.0.2.1:1")], "", "not a loopback address"),
        ("no address", "listen = \"here\"", none, "", "listen is not an address"),
        ("a certificate without a key", "tls_certificate = \"/dev/null\"", none, "", "tls_key is missing"),
        ("clients' certificates without one's own", "tls_client_ca = \"/dev/null\"", none, "", "tls_client_ca needs"),
        ("a key that is not there", "tls_key = \"/nowhere\"", none, "", "tls_key cannot be read"),
        ("a log filter that is none", "log = \"whosaw=loud\"", none, "", "log is not a log filter"),
        ("a number that is none", "waiting_bytes = \"many\"", none, "", "waiting_bytes is not a whole number"),
        ("a number too small", "", &[("WHOSAW_LARGE_BYTES", "1")], "", "large_bytes is not a whole number"),
        ("a file that is no TOML", "listen =", none, "", "not readable TOML"),
    ] {
        fs::write(&file, text).expect("written");
        for check in [true, false] {
            let mut command = server.command("serve");
            command.arg("--config").arg(&file).args(args.split_whitespace()).envs(env.iter().copied());
            let said = run(if check { command.arg("--check") } else { &mut command }, 2);
            assert!(said.err.contains(words), "{name}: {}", said.err);
        }
    }
    let said = run(server.command("serve").args(["--config", "/nowhere/settings.toml"]), 2);
    assert!(said.err.contains("cannot be read"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_clients_do_not_disturb_a_server_and_flags_win() {
    let mut server = Setup::default()
        .env("WHOSAW_LEDGER", ORIGIN)
        .env("WHOSAW_CALLER", "somebody")
        .env("WHOSAW_CA", "/nowhere")
        .env("WHOSAW_SERVER", "http://127.0.0.1:1")
        .env("WHOSAW_LISTEN", "127.0.0.1:1")
        .env("WHOSAW_LOG_FORMAT", "json")
        .init();
    server.start();
    assert_ne!(server.address.port(), 1, "the flag wins over the environment");
    assert_eq!(server.stop().code(), Some(0));
    let said = |line: &str| -> serde_json::Value {
        serde_json::from_str(line).unwrap_or_else(|_| panic!("the environment wins over the default: {line}"))
    };
    let lines: Vec<serde_json::Value> = server.log().lines().map(said).collect();
    assert!(lines.iter().any(|line| line["fields"]["message"] == "listening"), "{lines:?}");
}

/// An authority, and certificates that it signed.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Certificate and key.
    fn sign(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        (params.signed_by(&key, &self.issuer).expect("a certificate").pem(), key.serialize_pem())
    }
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).expect("written");
    path
}

async fn connect(server: &TestServer, tls: ClientTlsConfig) -> Result<Client, tonic::transport::Error> {
    let url = format!("https://localhost:{}", server.address.port());
    let endpoint = Endpoint::from_shared(url).expect("an address").tls_config(tls.domain_name("localhost"))?;
    Ok(Client { channel: endpoint.connect().await?, caller: String::new(), ledger: String::new() })
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_the_right_ones_get_in_and_nobody_else() {
    let (authority, stranger) = (Authority::new("whosaw tests"), Authority::new("somebody else"));
    let (certificate, key) = authority.sign("server");
    let mut server = Setup::default().init();
    let place = server.place.clone();
    let ca = write(&place, "ca.pem", &authority.pem);
    let settings = |text: &str| write(&place, "settings.toml", text);
    let own = format!(
        "tls_certificate = {:?}\ntls_key = {:?}\n",
        write(&place, "server.pem", &certificate),
        write(&place, "server.key", &key)
    );
    let file = settings(&own);
    server.setup.args = vec!["--config".into(), file.display().to_string()];
    server.start();
    let trusting = || ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&authority.pem));
    let client = connect(&server, trusting()).await.expect("it is who it says");
    client.append(about("anna")).await.expect("recorded");
    judge::check(&client, &client.key().await).await;
    let suspicious = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&stranger.pem));
    assert!(connect(&server, suspicious).await.is_err(), "another authority's word is not taken");
    let plain = Endpoint::from_shared(server.url()).expect("an address").connect().await;
    let in_the_open = match plain {
        Ok(channel) => Client { channel, caller: String::new(), ledger: String::new() }.checkpoint(0).await.is_err(),
        Err(_) => true,
    };
    assert!(in_the_open, "nothing is said in the open");
    // The command line, by the same words.
    let url = format!("https://localhost:{}", server.address.port());
    let said = run(whosaw().args(["list", "--server", &url, "--ca"]).arg(&ca), 0);
    assert!(said.out.contains("genesis"), "{}", said.out);
    let said = run(whosaw().args(["list", "--server", &url]), 1);
    assert!(said.err.contains("no server answers"), "{}", said.err);
    assert_eq!(server.stop().code(), Some(0));

    // With an authority for clients, only who shows a certificate of it is let in. With TLS it may listen anywhere.
    settings(&format!("{own}tls_client_ca = {ca:?}\n"));
    server.start();
    let with = |(certificate, key): (String, String)| trusting().identity(Identity::from_pem(certificate, key));
    let client = connect(&server, with(authority.sign("client"))).await.expect("it is let in");
    client.append(about("ben")).await.expect("recorded");
    let size = client.size().await;
    for (name, tls) in [("no certificate", trusting()), ("a stranger's", with(stranger.sign("client")))] {
        // Refused when it connects or, as TLS 1.3 has it, when it first asks.
        let refused = match connect(&server, tls).await {
            Ok(client) => client.append(plain_action()).await.is_err(),
            Err(_) => true,
        };
        assert!(refused, "{name}");
    }
    assert_eq!(client.size().await, size);
    assert_eq!(server.stop().code(), Some(0));

    settings(&own.replace("server.key", "ca.pem"));
    let said = server.refusal();
    assert!(said.contains("TLS certificate and key do not work"), "{said}");
    let (_, other_key) = authority.sign("server");
    settings(&own.replace("server.key", "other.key"));
    write(&place, "other.key", &other_key);
    let said = server.refusal();
    assert!(said.contains("TLS certificate and key do not work"), "{said}");
}

fn plain_action() -> whosaw::rpc::v1::Action {
    plain()
}
