//! What an entry keeps of a call: the `keep` tables of a catalogue.
//!
//! ```toml
//! [keep]                            # of every tool, and of tools that the catalogue does not list
//! arguments = "content"
//! result = "references"
//! error_at_most = 1024
//!
//! [tools.get_user_details.keep]     # of this one; what it leaves out is as above
//! arguments_at_most = 4096
//! result = "nothing"
//! ```
//!
//! | | `nothing` | `references` | `content` |
//! |---|---|---|---|
//! | who was found in it: every identity of a person, sealed | kept | kept | kept |
//! | categories of their data, and counts, in the open | kept | kept | kept |
//! | ids of records that were found in it | – | kept | kept |
//! | which fields of a person there were (pointers, not values) | – | kept | kept |
//! | arguments, result or error themselves, sealed | – | – | kept, up to `…_at_most` bytes |
//!
//! Where nothing is said, content is kept, and all of it. Identities are always kept: without them nobody could ask what
//! became of their data, nor have it erased. The whole call is read before anything of it is dropped, so who was found in
//! it does not depend on what is kept. An id stays out of the record of later calls too where it came in by `nothing`,
//! though whose it is stays known, in memory, for the rest of the conversation. No pointer reads errors, so that the first
//! two are the same for them.
//!
//! What is longer than `…_at_most` is cut there, between characters, and the entry doubts `content_truncated`. What is
//! dropped or cut is marked in the entry's body (`not_kept`, `cut`).
//!
//! The same holds for an action that a caller describes and that names a tool or cites a catalogue. Its records go where
//! neither arguments nor result keep ids. Parts as an agent signed them may hold any of the three, so they go where one
//! of the three is not kept as content, or where one is longer than the least of the three lengths; the signature and the
//! commitments to the parts stay. An action that names no tool and cites no catalogue is kept as it is described.
//!
//! Agents' words, instructions, reasons and references are no content of a call, and stay.
//!
//! Nobody looks for persons in free text, here or later: what a text says of somebody whom no pointer finds is kept, or
//! dropped, with the text.

use super::catalogue::{Catalogue, Side};
use crate::model::{Action, Keeping, Kept};
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    arguments: Option<Much>,
    arguments_at_most: Option<usize>,
    result: Option<Much>,
    result_at_most: Option<usize>,
    error: Option<Much>,
    error_at_most: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Much {
    Nothing,
    References,
    #[default]
    Content,
}

impl Catalogue {
    /// What is kept of a call of this tool, listed or not.
    pub fn keeping(&self, tool: &str) -> Keeping {
        let own = self.tool(tool).map(|tool| &tool.keep);
        let kept = |of: fn(&Keep) -> (Option<Much>, Option<usize>)| {
            let (general, own) = (of(&self.keep), own.map(of).unwrap_or_default());
            match own.0.or(general.0).unwrap_or_default() {
                Much::Nothing => Kept::Nothing,
                Much::References => Kept::References,
                Much::Content => Kept::Content { at_most: own.1.or(general.1).unwrap_or(usize::MAX) },
            }
        };
        Keeping {
            arguments: kept(|keep| (keep.arguments, keep.arguments_at_most)),
            result: kept(|keep| (keep.result, keep.result_at_most)),
            error: kept(|keep| (keep.error, keep.error_at_most)),
            records_left_out: false,
        }
    }

    /// What is kept of an action as its caller described it. It is held to the catalogue in force, whichever it cites.
    pub fn keeping_of(&self, action: &Action) -> Keeping {
        if action.tool.is_empty() && action.catalogue.is_none() {
            return Keeping::default();
        }
        self.keeping(&action.tool)
    }
}

/// What is kept of what came by this way.
pub fn by(side: Side, keeping: &Keeping) -> Kept {
    match side {
        Side::Arguments => keeping.arguments,
        Side::Result => keeping.result,
    }
}

impl Keep {
    pub fn mistakes(&self, wrong: &mut impl FnMut(String)) {
        for (name, much, at_most) in [
            ("arguments", self.arguments, self.arguments_at_most),
            ("result", self.result, self.result_at_most),
            ("error", self.error, self.error_at_most),
        ] {
            match at_most {
                Some(0) => wrong(format!("keep.{name}_at_most is 0: to keep nothing of it, say {name} = \"nothing\"")),
                Some(_) if much.is_some_and(|much| much != Much::Content) => {
                    wrong(format!("keep.{name}_at_most limits content, and keep.{name} keeps none"));
                }
                _ => {}
            }
        }
    }
}
