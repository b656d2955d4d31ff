//! Stories that nobody tells in earnest: contradictory, circular, absurd. Whatever they say is recorded as told, ends in a
//! report, and is flagged in it: nothing is dropped in silence.

use super::common::chance::Chance;
use super::common::{run, whosaw};
use super::{one, story, written};
use std::path::PathBuf;

/// Declarations, what happens, and what the report on R must say of it. `@` is the number of the part and `^` its day, so that
/// parts of one file do not meddle with each other; `~` is whatever a name may hold.
const PARTS: &[(&str, &str, &str)] = &[
    ("g@a is g@b\ng@b is g@a, e@", "^09:00 bob grants R@ to g@a", "odd group_inside_itself"),
    ("g@ is g@, e@", "^09:00 bob grants R@ to g@", "odd group_inside_itself"),
    ("", "^10:00 bob grants R@ to e@ until ^09:00", "odd ends_before_it_begins"),
    ("", "^10:00 bob grants R@ to e@ as id@\n^09:00 bob revokes id@ recorded ^10:30", "odd ends_before_it_begins"),
    ("", "^10:00 bob grants R@ to e@\n^10:00 bob revokes R@ from e@", "open 0s"),
    ("", "^09:00 e@ reads R@ about s@\n^10:00 bob revokes R@ from f@", "odd closes_nothing"),
    ("", "^09:00 e@~ reads R@ about s@~", "odd no_path_on_file\ne@~ did 1"),
    (
        "R@ holds s@",
        "^09:00 bob grants R@ to e@\n^10:00 bob revokes R@ from e@\n^11:00 e@ reads R@ about s@ as x@",
        "odd path_was_closed\nx@ unauthorised",
    ),
    ("R@ holds t@", "^09:00 bob grants R@ to e@\n^10:00 e@ reads R@ about s@", "odd content_not_on_file"),
    ("R@ holds s@", "^09:00 bob grants R@ to e@ until ^10:00\n^10:05 e@ reads R@ about s@", "odd expiry_not_enforced"),
    (
        "",
        "^09:00 bob grants R@ to e@\n+4000d23:00 e@ reads R@ about s@ recorded +4000d01:00",
        "odd clock_doubt\ne@ did 1",
    ),
    ("", "+4000d23:00 bob grants R@ to e@ recorded +4000d01:00", "odd clock_doubt"),
    ("", "^09:00 bob grants R@ to e@\n^09:30 e@ reads R@ about s@ recorded +3650d09:00", "e@ did 1"),
    (
        "R@ holds s@",
        "^09:00 e@ reads R@ about s@ as x@\n^10:00 dana retracts x@ as r@\n^11:00 dana corrects r@ to s@ as c@\n\
         ^12:00 dana corrects c@ to t@ as d@",
        "x@ was retracted\nr@ was corrected\nc@ was corrected",
    ),
    ("", "^09:00 e@ reads R@ about s@ as x@\n^09:30 e@ retracts x@", "x@ was retracted\ne@ did 1"),
    (
        "",
        "^09:00 e@ reads R@ about s@ as x@\n^10:00 dana corrects x@ to t@ as a@\n^10:00 dana corrects x@ to u@ as b@",
        "a@ does not count: rival\nb@ does not count: rival",
    ),
    // Nothing at all is told of it.
    ("", "", "logging not_determinable\npeople could 0\nclaim cannot_be_excluded"),
    // One name for two acts is two acts, and the same words twice are one.
    ("", "^09:00 e@ reads R@ about s@ as x@\n^09:10 e@ reads R@ about t@ as x@", "e@ did 2"),
    ("", "^09:00 e@ reads R@ about s@ as x@\n^09:00 e@ reads R@ about s@ as x@", "e@ did 1"),
    (
        "",
        "^09:00 e@ reads R@ about s@ same act as y@ as x@\n^09:01 e@ reads R@ about t@ same act as x@ as y@",
        "e@ did 1\nx@ shows 2",
    ),
    (
        "a@ is an account of e@",
        "^09:00 bob grants R@ to a@\n^09:01 a@ is suspended\n^09:02 a@ is suspended\n^09:30 a@ reads R@ about s@ as x@",
        "x@ unauthorised",
    ),
    (
        "",
        "^09:00 e@ grants R@ to f@ because of y@ as x@\n^09:10 e@ grants R@ to g@ because of x@ as y@\n\
         ^09:30 f@ reads R@ within z@ as w@\n^09:31 g@ reads R@ within w@ as z@",
        "f@ did 1\ng@ did 1",
    ),
    ("a@ is an account", "^09:00 bob grants R@ to a@\n^09:30 a@ reads R@ about s@", "machines 1"),
    ("", "^09:00 f@ reads R@ about s@ emergency as x@\n^08:00 carol reviews x@ as justified", "f@ did 1"),
    (
        "",
        "^09:00 e@ reads R@ about s@ approved by a@ as x@\n^09:01 e@ approves e@ reads R@ about s@ as a@",
        "x@ approval by_themselves",
    ),
    (
        "V@ is an organisation",
        "^09:00 e@ sends R@ about s@~ giving V@ under key k@\n^08:00 V@ loses key k@",
        "V@ holds ^09:00 on",
    ),
    ("", "^09:00 e@~ downloads R@ about s@\n^08:00 e@~ forgets R@ about s@", "e@~ did 1"),
    (
        "R@ recovers for 99999999999999 days",
        "^09:00 e@ deletes R@ about s@\n^08:00 e@ restores R@ about s@",
        "losses 1",
    ),
    (
        "R@ caches permissions for 18446744073709551615 s",
        "^09:00 bob grants R@ to e@\n^10:00 bob revokes R@ from e@",
        "people could 1",
    ),
];

/// What names may hold.
const STRANGE: &[&str] = &[
    "", "é", "e\u{301}", "漢字", "🦀", "\u{200b}", "O'Brien", "../../x", "<script>", "{n}", "%s", "\"", "\\", "&amp;",
    "\u{feff}", "١٢٣", "null", "NaN", "ﷺ", "İ", "ß", "ﬁ",
];

/// Days on which it happens.
const DAYS: &[&str] = &["2026-03-10", "2024-02-29", "2000-01-01", "2038-01-19", "2016-12-31", "9000-01-01"];

/// A file of some of these parts, in a line with whatever else.
pub fn hostile(chance: &mut Chance) -> String {
    let day = one(chance, DAYS);
    let (mut declared, mut told, mut asked) = (String::new(), Vec::new(), String::new());
    for number in 0..2 + chance.below(5) {
        let (declares, tells, expects) = chance.any(PARTS).expect("there are some");
        let (number, strange) = (number.to_string(), one(chance, STRANGE));
        let named = |text: &str| text.replace('@', &number).replace('^', &format!("+{number}d")).replace('~', strange);
        declared.push_str(&named(declares));
        declared.push('\n');
        // What is asked for is spoken of, so that it can be asked for.
        told.push(named(&format!("{tells}\n^23:59 carol approves f@ reads R@ as unasked@")));
        asked.push_str(&format!("+5000d00:00 report R{number}\n"));
        for expected in named(expects).lines() {
            asked.push_str(&format!("expect {expected}\n"));
        }
        asked.push_str("expect is sound\nexpect people are sound\n");
    }
    // A clock that was years ahead is not set back.
    told.sort_by_key(|part| part.contains("000d") || part.contains("650d"));
    if chance.below(2) == 0 {
        told.insert(0, "00:00 q3 reads Q about q1, q2\n00:01 q1 restricts\n00:02 q1 is linked to q2 weakly".into());
    }
    format!("title hostile\nday {day}\ndana may correct\ncarol may review\n{declared}{}\n{asked}", told.join("\n"))
}

/// So many files, by a seed: `WHOSAW_FUZZ=SEED,FILES` plays others than those that are always played.
fn asked_for() -> (u64, usize) {
    let asked = std::env::var("WHOSAW_FUZZ").ok().and_then(|asked| {
        let (seed, files) = asked.split_once(',')?;
        seed.parse().ok().zip(files.parse().ok())
    });
    asked.unwrap_or((0x2026_1126, 100))
}

/// A hundred stories that nobody made up: whatever they say, the server answers, and each odd thing has its flag.
#[test]
fn no_random_story_brings_the_server_down_or_loses_a_part() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (seed, count) = asked_for();
    let mut chance = Chance(seed.max(1));
    let mut text = |number: usize| match number % 3 {
        0 => hostile(&mut chance),
        _ => story(&mut chance),
    };
    let name = |number: usize| format!("{number}.txt");
    let files: Vec<PathBuf> =
        (0..count).map(|number| written(directory.path(), &name(number), &text(number))).collect();
    let mut command = whosaw();
    let said = run(command.args(["scenario", "run"]).args(&files), 0);
    assert!(
        said.out.contains(&format!("{count} scenarios, ")) && said.out.contains(" held, 0 did not"),
        "{}",
        said.out
    );
    assert!(!said.err.contains("panicked"), "{}", said.err);
}
