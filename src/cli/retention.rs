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
        /// CLASS=MONTHS or CLASS=MONTHS,BASIS; subject (identities of data subjects and what is sealed for them), staff,
        /// content (what is sealed for conversations), or body (what entries say in public), such as subject=24,gdpr:6.1.c.
        /// A class that is not named is kept for ever; no argument at all: everything is. A body goes only when nothing
        /// sealed is left of its entry, so give the other classes periods too, no longer than that of bodies.
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
    },
    /// Show the periods in force, what the next run would destroy by them, before it does, and what was pruned before.
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
    let mut lines = Vec::new();
    if plan.classes.is_empty() {
        lines.push("no period is in force: everything is kept".into());
    }
    let of_bodies =
        |class: &&v1::PlannedRetention| class.rule.is_some_and(|rule| rule.class == RetentionClass::Body as i32);
    let (bodies, keys): (Vec<_>, Vec<_>) = plan.classes.iter().partition(of_bodies);
    if !keys.is_empty() {
        lines.push(format!(
            "{:<8} {:>6}  {:<9} {:>10} {:>12} {:>8} {:>8}",
            "class", "months", "kept from", "keys go", "parts go", "held", "open"
        ));
    }
    for class in keys {
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
    for class in bodies {
        lines.push(format!(
            "{:<8} {:>6}  {:<9} {:>10} {:>12} {:>8} {:>8}",
            "class", "months", "kept from", "bodies go", "wait", "held", "open"
        ));
        lines.push(format!(
            "{:<8} {:>6}  {:<9} {:>10} {:>12} {:>8} {:>8}",
            RetentionClass::Body.code(),
            class.rule.unwrap_or_default().months,
            class.kept_from,
            show::grouped(class.bodies),
            show::grouped(class.waiting),
            show::grouped(class.held),
            show::grouped(class.open)
        ));
        if class.bodies > 0 {
            lines.push(format!("bodies go from entry {} to entry {}", class.first_index, class.last_index));
        }
        if class.waiting > 0 {
            lines.push("bodies wait until the sealed parts of their entries are gone".into());
        }
    }
    if plan.more {
        lines.push("there is more: one batch does so much".into());
    }
    for pruned in &plan.pruned {
        lines.push(format!(
            "pruned by entry {}: {} bodies from entry {} to entry {}",
            pruned.by,
            show::grouped(pruned.bodies),
            pruned.first_index,
            pruned.last_index
        ));
    }
    lines.join("\n")
}
