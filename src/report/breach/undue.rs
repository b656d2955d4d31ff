//! That the authority need not be notified (GDPR Art. 33(1)): when it was decided, and whether the deadline had passed by then.
//! A decision after it keeps no deadline, and is told as that wherever it stands.

use super::case::Case;
use crate::law::Profile;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill};

/// In a sentence; nothing where no such decision stands, or the authority was notified all the same.
pub fn text(w: &Wording, case: &Case, profile: &Profile) -> Option<String> {
    let b = &w.breach.answer;
    let decision = case.not_due()?;
    let at = |us: u64| w.instant(Instant::new(us));
    let (decided, recorded) = (at(decision.at_us()), at(decision.recorded_at_us));
    let Some(hours) = case.deadline(profile).and_then(Result::ok) else {
        return Some(fill(&b.need_not, &[("decided", &decided)]));
    };
    let text = match hours.strict_us {
        strict if decision.at_us() > strict => &b.need_not_late,
        // What was recorded once it was late shows only that somebody says so.
        strict if decision.recorded_at_us > strict => &b.need_not_stated,
        _ => &b.need_not_in_time,
    };
    let number = w.number(u64::from(profile.breach_notification_h));
    let values = [("decided", &decided), ("recorded", &recorded), ("at", &at(hours.strict_us)), ("hours", &number)];
    Some(fill(text, &values.map(|(name, value)| (name, value.as_str()))))
}

/// That the deadline was missed.
pub fn missed(w: &Wording, strict_us: u64, hours: u64) -> String {
    fill(&w.breach.answer.missed, &[("at", &w.instant(Instant::new(strict_us))), ("hours", &w.number(hours))])
}
