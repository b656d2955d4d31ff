//! Compiles proto/ with protox, so that no protoc is needed. Nothing else happens here.

use std::path::PathBuf;

const SERVICES: [&str; 6] =
    ["audit_service", "case_service", "ledger_service", "privacy_service", "registry_service", "report_service"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = SERVICES.map(|service| format!("whosaw/v1/{service}.proto"));
    let descriptors = protox::compile(files, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // Reflection and the JSON of the command line read the same descriptors.
    std::fs::write(out.join("descriptors.bin"), prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure()
        .bytes(".whosaw.v1.ExportResponse.data")
        // An action is large; beside nothing but itself in a list it would be copied with every growth of the list.
        .boxed(".whosaw.v1.Record.kind.action")
        .boxed(".whosaw.v1.Record.kind.tool_call")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .compile_fds(descriptors)?;
    Ok(())
}
