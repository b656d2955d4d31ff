//! In which language a report is written.

use super::edition::Edition;
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
// What a person's own report says otherwise, by the same keys.
const EN_PERSON: &str = include_str!("../../reports/wording/person/en.toml");
const DE_PERSON: &str = include_str!("../../reports/wording/person/de.toml");

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

    /// What an edition says otherwise, as a lawyer signs it.
    pub fn text_of(self, edition: Edition) -> &'static str {
        match (edition, self) {
            (Edition::Lawyer, _) => "",
            (Edition::Person, Language::En) => EN_PERSON,
            (Edition::Person, Language::De) => DE_PERSON,
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
        self.edited(Edition::Lawyer)
    }

    fn edited(self, edition: Edition) -> &'static Wording {
        static ENGLISH: LazyLock<Wording> = LazyLock::new(|| read(Language::En, Edition::Lawyer));
        static GERMAN: LazyLock<Wording> = LazyLock::new(|| read(Language::De, Edition::Lawyer));
        static TO_ENGLISH: LazyLock<Wording> = LazyLock::new(|| read(Language::En, Edition::Person));
        static TO_GERMAN: LazyLock<Wording> = LazyLock::new(|| read(Language::De, Edition::Person));
        match (self, edition) {
            (Language::En, Edition::Lawyer) => &ENGLISH,
            (Language::De, Edition::Lawyer) => &GERMAN,
            (Language::En, Edition::Person) => &TO_ENGLISH,
            (Language::De, Edition::Person) => &TO_GERMAN,
        }
    }

    /// The same, for a report whose times are those of a zone.
    pub fn wording_in(self, zone: &Zone) -> Wording {
        self.wording_of(Edition::Lawyer, zone)
    }

    pub fn wording_of(self, edition: Edition, zone: &Zone) -> Wording {
        Wording { zone: zone.clone(), ..self.edited(edition).clone() }
    }
}

fn read(language: Language, edition: Edition) -> Wording {
    let table = |text: &str| text.parse::<toml::Table>().expect("the build has read every wording");
    let mut texts = table(language.text());
    replace(&mut texts, table(language.text_of(edition)));
    texts.try_into().expect("the build has read every wording")
}

/// Texts of an edition in the place of those that all have.
fn replace(texts: &mut toml::Table, by: toml::Table) {
    for (key, value) in by {
        match (texts.get_mut(&key), value) {
            (Some(toml::Value::Table(texts)), toml::Value::Table(by)) => replace(texts, by),
            (_, value) => drop(texts.insert(key, value)),
        }
    }
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
