//! ENISA's severity figure for a breach (*Recommendations for a methodology of the assessment of severity of personal data
//! breaches*, 2013): SE = DPC × EI + CB. An aid beside a person's own judgement, never a judgement.

/// What a person chose. Shares are in hundredths, so that the figure is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figure {
    /// Data processing context, 1 to 4.
    pub context: u32,
    /// Ease of identification: 25, 50, 75 or 100.
    pub identification: u32,
    /// Circumstances, each 0, 25 or 50: loss of confidentiality, of integrity, of availability.
    pub confidentiality: u32,
    pub integrity: u32,
    pub availability: u32,
    /// Malicious intent adds 50.
    pub malicious: bool,
}

/// ENISA's four levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Low,
    Medium,
    High,
    VeryHigh,
}

/// From which score on a level is reached, in hundredths: the legal profile's, or the method's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    pub medium: u32,
    pub high: u32,
    pub very_high: u32,
}

impl Default for Thresholds {
    /// ENISA's: below 2 low, to 3 medium, to 4 high, from 4 on very high.
    fn default() -> Self {
        Thresholds { medium: 200, high: 300, very_high: 400 }
    }
}

impl Thresholds {
    /// Each above the one before, and within what the method can give.
    pub fn fit(&self) -> bool {
        0 < self.medium && self.medium < self.high && self.high < self.very_high && self.very_high <= SCORE_MAX
    }
}

/// DPC 4 × EI 1, three circumstances of 0.5 each, and malicious intent: hundredths.
pub const SCORE_MAX: u32 = 600;

impl Level {
    pub fn code(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::VeryHigh => "very_high",
        }
    }
}

impl Figure {
    /// Which field is out of its range, and what it may be.
    pub fn violation(&self) -> Option<(&'static str, &'static str)> {
        let circumstance = |share: u32| [0, 25, 50].contains(&share);
        if !(1..=4).contains(&self.context) {
            Some(("context", "is not 1, 2, 3 or 4"))
        } else if ![25, 50, 75, 100].contains(&self.identification) {
            Some(("identification", "is not 0.25, 0.5, 0.75 or 1 (25, 50, 75 or 100 hundredths)"))
        } else if !circumstance(self.confidentiality) {
            Some(("confidentiality", "is not 0, 0.25 or 0.5 (0, 25 or 50 hundredths)"))
        } else if !circumstance(self.integrity) {
            Some(("integrity", "is not 0, 0.25 or 0.5 (0, 25 or 50 hundredths)"))
        } else if !circumstance(self.availability) {
            Some(("availability", "is not 0, 0.25 or 0.5 (0, 25 or 50 hundredths)"))
        } else {
            None
        }
    }

    /// SE in hundredths: 250 is 2.5.
    pub fn score(&self) -> u32 {
        let circumstances = self.confidentiality + self.integrity + self.availability;
        self.context * self.identification + circumstances + if self.malicious { 50 } else { 0 }
    }

    pub fn level(&self, from: &Thresholds) -> Level {
        match self.score() {
            score if score >= from.very_high => Level::VeryHigh,
            score if score >= from.high => Level::High,
            score if score >= from.medium => Level::Medium,
            _ => Level::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_is_that_of_the_method() {
        let figure = |context, identification, confidentiality, malicious| Figure {
            context,
            identification,
            confidentiality,
            malicious,
            ..Figure::default()
        };
        for (figure, score, level) in [
            (figure(1, 100, 50, false), 150, Level::Low),
            (figure(2, 75, 50, false), 200, Level::Medium),
            (figure(3, 75, 25, true), 300, Level::High),
            (figure(4, 100, 0, false), 400, Level::VeryHigh),
            (figure(2, 100, 25, true), 275, Level::Medium),
        ] {
            let found = (figure.violation(), figure.score(), figure.level(&Thresholds::default()));
            assert_eq!(found, (None, score, level), "{figure:?}");
        }
    }

    #[test]
    fn a_house_may_be_stricter_than_the_method() {
        let strict = Thresholds { medium: 100, high: 150, very_high: 350 };
        let figure = Figure { context: 1, identification: 100, confidentiality: 50, ..Figure::default() };
        assert_eq!((figure.level(&strict), figure.level(&Thresholds::default())), (Level::High, Level::Low));
        assert!(strict.fit() && Thresholds::default().fit());
        for wrong in [(0, 300, 400), (300, 300, 400), (200, 500, 400), (200, 300, 601)] {
            assert!(!Thresholds { medium: wrong.0, high: wrong.1, very_high: wrong.2 }.fit(), "{wrong:?}");
        }
    }

    #[test]
    fn what_the_method_does_not_know_is_refused_by_its_name() {
        let good = Figure { context: 1, identification: 25, ..Figure::default() };
        let field = |figure: Figure| figure.violation().map(|(field, _)| field);
        assert_eq!(field(Figure { context: 5, ..good }), Some("context"));
        assert_eq!(field(Figure { identification: 60, ..good }), Some("identification"));
        assert_eq!(field(Figure { confidentiality: 51, ..good }), Some("confidentiality"));
        assert_eq!(field(Figure { integrity: 1, ..good }), Some("integrity"));
        assert_eq!(field(Figure { availability: u32::MAX, ..good }), Some("availability"));
    }
}
