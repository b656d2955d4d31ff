//! For whom a report on one person is written.

/// Both tell the same acts. In the person's own, texts speak to them, what only an auditor needs stands in the JSON, and other
/// people's part in the making of the report is left out of the JSON as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Edition {
    /// For whoever has to answer the person; the edition of every question that was recorded before there were two.
    #[default]
    Lawyer,
    /// For the person whose data it is (GDPR Art. 12(1)).
    Person,
}

impl Edition {
    pub const ALL: &'static [Edition] = &[Edition::Lawyer, Edition::Person];

    /// As recorded questions write it, and as the header's redaction profile.
    pub fn code(self) -> &'static str {
        match self {
            Edition::Lawyer => "lawyer",
            Edition::Person => "person",
        }
    }
}
