//! In which language a report is written.

use super::instant::Zone;
use super::wording::Wording;
use std::sync::LazyLock;

/// English is the language of every question that was recorded before a question could name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    #[default]
    En,
    De,
}

// Complete, or the build fails.
const EN: &str = include_str!("../../reports/wording/en.toml");
const DE: &str = include_str!("../../reports/wording/de.toml");

impl Language {
    pub const ALL: &'static [Language] = &[Language::En, Language::De];

    /// As requests, recorded questions and documents write it (BCP 47).
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::De => "de",
        }
    }

    /// Nothing for a language in which no report is written.
    pub fn from_code(code: &str) -> Option<Self> {
        Language::ALL.iter().copied().find(|language| language.code() == code)
    }

    /// The texts, as a lawyer signs them.
    pub fn text(self) -> &'static str {
        match self {
            Language::En => EN,
            Language::De => DE,
        }
    }

    /// Whether its words are so long that narrow columns have to divide them.
    pub fn divides_words(self) -> bool {
        match self {
            Language::En => false,
            Language::De => true,
        }
    }

    pub fn wording(self) -> &'static Wording {
        static ENGLISH: LazyLock<Wording> = LazyLock::new(|| read(Language::En));
        static GERMAN: LazyLock<Wording> = LazyLock::new(|| read(Language::De));
        match self {
            Language::En => &ENGLISH,
            Language::De => &GERMAN,
        }
    }

    /// The same, for a report whose times are those of a zone.
    pub fn wording_in(self, zone: &Zone) -> Wording {
        Wording { zone: zone.clone(), ..self.wording().clone() }
    }
}

fn read(language: Language) -> Wording {
    toml::from_str(language.text()).expect("the build has read every wording")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_reads_back_from_its_code_and_names_itself() {
        for language in Language::ALL {
            assert_eq!(Language::from_code(language.code()), Some(*language));
            assert_eq!(language.wording().title.language, language.code());
        }
        let codes: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
        assert_eq!(codes, crate::model::REPORT_LANGUAGES, "what a registry may say");
        assert_eq!(Language::from_code("fr"), None);
        assert_eq!(Language::from_code(""), None);
    }
}
