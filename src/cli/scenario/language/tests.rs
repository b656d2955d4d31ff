//! Files as they are written, and as they are not.

use super::*;
use proptest::prelude::*;

/// What lines are made of, and what only looks like it.
const WORDS: &str = "09:00 24:00 24:59 23:59:60 +9999d24:00 +10000d00:00 +d09:00 -1d09:00 9: :: 09:00+02:00 ٠٩:٣٠ day 0000-01-01 \
    9999-12-30 9999-12-31 title expect report on again recorded saying as about until because of within same act \
    approved by under key in session told for with despite policy approvals last s 18446744073709551616 is an \
    account agent may correct holds logs caches permissions grants to revokes from joins reads retracts corrects \
    reviews answers names order keeps over asks access received hold release case opens verify altered guess among others R e1 # \
    , and \u{0} \u{202e} e\u{301}";

proptest! {
    #[test]
    fn whatever_a_file_says_is_read_or_refused_with_its_line(lines in prop::collection::vec(
        prop::collection::vec(prop_oneof![
            9 => prop::sample::select(WORDS.split(' ').collect::<Vec<_>>()).prop_map(str::to_owned),
            1 => any::<String>(),
        ], 0..9),
        0..12,
    )) {
        let lines: Vec<String> = lines.iter().map(|words| words.join(" ")).collect();
        if let Err(why) = Scenario::read(&lines.join("\n")) {
            prop_assert!(why.starts_with("line ") || why.contains("asks for no report"), "{}", why);
        }
    }
}

#[test]
fn a_file_reads_as_it_is_written() {
    let text = "title One\nR holds s1, s2 with contact\neng is e1 and e2\n09:00 bob grants R to eng until 10:00 unauthorised as g\n\
                09:30 bot reads R about s1 for e1 showing e1 recorded 09:31 # late\n12:00 report R\nexpect e1 could 2h00\n";
    let scenario = Scenario::read(text).expect("it reads");
    assert_eq!(scenario.title, "One");
    assert_eq!(scenario.steps.len(), 5);
    let Step { what: What::Act { verb, .. }, how, at_us, recorded_us, .. } = &scenario.steps[4] else {
        panic!("an act")
    };
    assert_eq!((*verb, recorded_us - at_us), ("data.read", MINUTE));
    assert_eq!((how.about.len(), how.on_behalf_of.len(), how.showing.len()), (1, 1, 1));
    assert_eq!(scenario.questions[0].expected[0].1, ["e1", "could", "2h00"]);
}

#[test]
fn what_is_not_understood_is_told_with_its_line() {
    for (text, told) in [
        ("09:00 e1 eats R\n10:00 report R", "line 1: eats"),
        ("R holds\n", "line 1: what stands with holds is not understood"),
        ("09:00 e1 reads R", "asks for no report"),
        ("expect e1 did 1", "line 1: expects"),
        ("09:00 e1 reads R loudly\n10:00 report R", "line 1: loudly"),
    ] {
        let error = Scenario::read(text).expect_err("it is wrong");
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn durations_are_written_as_people_do() {
    assert_eq!(duration("2h05"), Some(125 * MINUTE));
    assert_eq!(duration("45min"), Some(45 * MINUTE));
    assert_eq!(duration("0s"), Some(0));
    assert_eq!(duration("soon"), None);
}
