//! `whosaw retention`: how long what is kept.

use super::client::Client;
use super::person::{answer, recorded};
use super::{CliError, Ended, Server, show};
use crate::model::{LegalBasis, RetentionClass};
use crate::rpc::v1;
use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Retention {
    #[command(subcommand)]
    command: RetentionCommand,
    #[command(flatten)]
    server: Server,
}

#[derive(Subcommand)]
enum RetentionCommand {
    /// Put periods in force; they replace all before. What is over goes with the daily erasures.
    Set {
        /// CLASS=MONTHS or CLASS=MONTHS,BASIS; subject (identities of data subjects and what is sealed for them), staff, or
        /// content (what is sealed for conversations), such as subject=24,gdpr:6.1.c. A class that is not named is kept
        /// for ever; no argument at all: everything is.
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
    },
    /// Show the periods in force and what the next batch would destroy by them, before it does.
    Plan,
}

impl Retention {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let (ledger, json) = (client.ledger.clone(), self.server.json);
        match self.command {
            RetentionCommand::Set { rules } => {
                let rules = rules.iter().map(|text| rule(text)).collect::<Result<_, _>>()?;
                let request = client.request(v1::SetRetentionRequest { ledger, rules });
                let done = client.privacy().set_retention(request).await?.into_inner();
                answer(json, "SetRetentionResponse", &done, || recorded(&done.receipt))
            }
            RetentionCommand::Plan => {
                let request = client.request(v1::PlanRetentionRequest { ledger });
                let plan = client.privacy().plan_retention(request).await?.into_inner();
                answer(json, "PlanRetentionResponse", &plan, || lines(&plan))
            }
        }
    }
}

fn rule(text: &str) -> Result<v1::RetentionRule, CliError> {
    let wrong = || CliError::usage("a rule is written CLASS=MONTHS or CLASS=MONTHS,BASIS, such as subject=24");
    let (class, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (months, basis) = rest.split_once(',').map_or((rest, None), |(months, basis)| (months, Some(basis)));
    let class = RetentionClass::from_code(class).ok_or_else(wrong)? as i32;
    let basis = basis.map(|code| LegalBasis::from_code(code).ok_or_else(wrong)).transpose()?.unwrap_or_default() as i32;
    Ok(v1::RetentionRule { class, months: months.parse().map_err(|_| wrong())?, basis })
}

fn lines(plan: &v1::PlanRetentionResponse) -> String {
    if plan.classes.is_empty() {
        return "no period is in force: everything is kept".into();
    }
    let mut lines = vec![format!(
        "{:<8} {:>6}  {:<9} {:>10} {:>12} {:>8} {:>8}",
        "class", "months", "kept from", "keys go", "parts go", "held", "open"
    )];
    for class in &plan.classes {
        let rule = class.rule.unwrap_or_default();
        let code = RetentionClass::ALL.iter().find(|it| **it as i32 == rule.class).map_or("", |it| it.code());
        lines.push(format!(
            "{code:<8} {:>6}  {:<9} {:>10} {:>12} {:>8} {:>8}",
            rule.months,
            class.kept_from,
            show::grouped(class.keys),
            show::grouped(class.parts),
            show::grouped(class.held),
            show::grouped(class.open)
        ));
    }
    if plan.more {
        lines.push("there is more: one batch does so much".into());
    }
    lines.join("\n")
}
