//! Stories from files, through the real way of a record: append, projection, report.

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "shared by tests that use different parts of it")]
mod common;
mod hostile;
mod negatives;

use common::chance::Chance;
use common::{run, whosaw};
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir("reports/scenarios")
        .expect("the scenarios are there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_scenario_ends_as_it_says() {
    let files = files();
    assert!(files.len() >= 20);
    let kept = tempfile::tempdir().expect("a directory for a while");
    let mut command = whosaw();
    let said = run(command.args(["scenario", "run", "--again", "--keep"]).arg(kept.path()).args(&files), 0);
    assert!(said.out.contains(&format!("{} scenarios, ", files.len())), "{}", said.out);
    assert!(said.out.trim_end().ends_with(" held, 0 did not"), "{}", said.out);
    negatives::said_as_permitted(kept.path(), "en", "lawyer");
}

#[test]
fn what_does_not_hold_is_told_with_its_line_and_what_was_found() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let story = "09:00 bob grants R to e1\n11:00 bob revokes R from e1\n12:00 report R\nexpect e1 could 3h00\nexpect e1 did 0\n";
    let file = written(directory.path(), "wrong.txt", story);
    let said = run(whosaw().args(["scenario", "run"]).arg(&file), 1);
    assert!(said.out.contains("line 4: expect e1 could 3h00: found"), "{}", said.out);
    assert!(said.out.contains("1 expectations held, 1 did not"), "{}", said.out);
    let file = written(directory.path(), "unread.txt", "09:00 bob grants R at e1\n12:00 report R\n");
    let said = run(whosaw().args(["scenario", "run"]).arg(&file), 2);
    assert!(said.err.contains("unread.txt: line 1: "), "{}", said.err);
}

#[test]
fn the_whole_language_is_printed_and_errors_point_there() {
    for args in [&["scenario", "run", "--help"][..], &["help", "scenario", "run"]] {
        let said = run(whosaw().args(args), 0).out;
        for part in ["Run scenario files", "09:00 bob grants R to eng", "expect claim CODE", "guess s1", "--keep"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = written(directory.path(), "unread.txt", "R hold s1\n12:00 report R\n");
    let said = run(whosaw().args(["scenario", "run"]).arg(&file), 2);
    assert!(said.err.contains("unread.txt: line 1: "), "{}", said.err);
    assert!(said.err.contains("whosaw scenario run --help"), "{}", said.err);
}

/// A file at fault, when it is read or when it is played, keeps no other from being run.
#[test]
fn what_is_wrong_with_one_file_is_told_and_the_others_run() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let holds = "09:00 bob grants R to e1\n11:00 bob revokes R from e1\n12:00 report R\nexpect e1 could 2h00\n";
    let files = [
        ("unread.txt", "09:00 bob grants R at e1\n12:00 report R\n"),
        ("unplayed.txt", "09:00 bob grants R to e1\n10:00 release H\n12:00 report R\nexpect e1 could 3h00\n"),
        ("silent.txt", "title silent\n09:00 bob grants R to e1\n12:00 report R\n"),
        ("holds.txt", holds),
    ];
    let files = files.map(|(name, text)| written(directory.path(), name, text));
    let said = run(whosaw().args(["scenario", "run"]).args(&files), 2);
    assert!(said.err.contains("unread.txt: line 1: what stands with grants is not understood"), "{}", said.err);
    assert!(said.err.contains("unplayed.txt: line 2: nothing is held as H"), "{}", said.err);
    assert!(said.out.contains("silent (0 expectations): nothing was expected"), "{}", said.out);
    assert!(
        said.out.contains("4 scenarios, 1 expectations held, 0 did not\n1 expected nothing\n1 could not"),
        "{}",
        said.out
    );
    // What cannot be run is not passed, nor is what expects nothing, unless only its answer is wanted.
    run(whosaw().args(["scenario", "run"]).args(&files[1..2]), 1);
    let said = run(whosaw().args(["scenario", "run"]).args(&files[2..3]), 1);
    assert!(said.out.starts_with("R stood open 2026-03-10 09:00:00"), "its answer is printed: {}", said.out);
    run(whosaw().args(["scenario", "run", "--show"]).args(&files[2..3]), 0);
}

/// A reader that has seen enough is no failure, and nothing of the story is left behind: its ledgers are closed as at any end.
#[test]
fn who_reads_no_further_ends_a_story_quietly() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let place = tempfile::tempdir().expect("a temporary directory");
    let line = "12:00 report R\n";
    let story = format!("R holds s1\n09:00 bob grants R to e1\n{}", line.repeat(12));
    let file = written(place.path(), "long.txt", &story);
    let below = place.path().join("tmp");
    std::fs::create_dir(&below).expect("a directory");
    for _ in 0..4 {
        let mut command = whosaw();
        command.args(["scenario", "run", "--show"]).arg(&file).env("TMPDIR", &below);
        let piped = std::process::Stdio::piped;
        let mut child = command.stdout(piped()).stderr(piped()).spawn().expect("it runs");
        let mut first = String::new();
        BufReader::with_capacity(64, child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
        assert!(first.starts_with('R'), "{first}");
        let mut told = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("text");
        assert_eq!((child.wait().expect("it ends").code(), told.as_str()), (Some(0), ""));
        assert_eq!(std::fs::read_dir(&below).expect("a directory").count(), 0, "its ledgers are gone");
    }
}

/// The first sentence says it where the table does.
#[test]
fn an_end_that_was_only_planned_is_said_to_be_that() {
    let file = "reports/scenarios/05-end-only-planned.txt";
    let said = run(whosaw().args(["scenario", "run", "--show", file]), 0);
    assert!(said.out.contains("1 h 00 min in all, where an end is only assumed"), "{}", said.out);
}

/// Somebody names a resource by the hash of whose it is: whoever has a list of addresses finds them by it.
#[test]
fn a_hash_of_an_identifier_that_an_export_holds_is_found() {
    use sha2::Digest as _;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let hash = hex::encode(sha2::Sha256::digest("ann@example.org"));
    let story = format!(
        "09:00 e1 reads {hash} about ann@example.org\n10:00 guess ann@example.org, e1 among 100 others\n\
         expect ann@example.org matches\nexpect e1 matches\nexpect nothing matches\n"
    );
    let said = run(whosaw().args(["scenario", "run"]).arg(written(directory.path(), "hashed.txt", &story)), 1);
    assert!(said.out.contains("1 expectations held, 2 did not"), "{}", said.out);
    assert!(said.out.contains("expect nothing matches: found"), "{}", said.out);
}

/// Each is recorded as any act is, and the report tells all of them: nothing of it grows with the square. 100,000 take 40 s
/// where the code is not optimised.
#[test]
fn tens_of_thousands_of_memberships_of_one_person_are_a_story_like_any() {
    const CHANGES: u32 = 24_000;
    let time = |second: u32| format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
    let mut story = String::from("title Very many memberships\neng is a group\n00:00 bob grants R to eng\n");
    for second in 60..60 + CHANGES {
        let (at, recorded) = (time(second), time((second / 60 + 1) * 60));
        let does = if second % 2 == 0 { "joins" } else { "leaves" };
        story.push_str(&format!("{at} e1 {does} eng recorded {recorded}\n"));
    }
    // A second each.
    story.push_str("24:00 report R\nexpect e1 could 3h20\nexpect people could 1\n");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let begun = std::time::Instant::now();
    let said = run(whosaw().args(["scenario", "run"]).arg(written(directory.path(), "many.txt", &story)), 0);
    assert!(said.out.contains("2 expectations held, 0 did not"), "{}", said.out);
    assert!(begun.elapsed() < std::time::Duration::from_secs(300), "{:?}", begun.elapsed());
}

/// What goes in one request is told as if it had gone alone: which line is wrong, and what stood before it is recorded.
#[test]
fn of_acts_that_are_recorded_together_the_wrong_one_is_told_by_its_line() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let long = "x".repeat(2_000);
    let story = format!(
        "09:00 bob grants R to e1\n09:00 bob grants R to e2\n09:00 bob grants R to {long}\n09:00 bob grants R to e4\n\
         12:00 report R\nexpect people could 3\n"
    );
    let said = run(whosaw().args(["scenario", "run"]).arg(written(directory.path(), "long.txt", &story)), 1);
    assert!(said.err.contains("long.txt: line 3: ") && said.err.contains("2000 bytes"), "{}{}", said.out, said.err);
}

/// Whatever a story says, of each act the person's report says by what authority it was as the exposure report does.
#[test]
fn no_random_story_makes_two_reports_judge_one_act_differently() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let kept = directory.path().join("kept");
    let mut chance = Chance(0x2026_1127);
    // What anybody had authority for is rare in them.
    let ends = "09:00 e9 grants R to bot authorised\n13:00 bot reads R about s1 authorised\n\
                13:30 bot reads R about s1, s9 authorised approved by a1\n24:00 report R\nexpect is sound\n24:00 report S\nexpect is sound\n";
    let people = ["s0", "s1", "s2", "s9"];
    let files: Vec<PathBuf> = (0..60)
        .map(|number| {
            let told = story(&mut chance);
            let (story, _) = told.split_once("24:00 report").expect("it asks");
            let asked: String =
                people.map(|who| format!("24:00 report on {who}\nexpect processed {}\n", UNASKED)).concat();
            written(directory.path(), &format!("{number}.txt"), &format!("{story}{ends}{asked}"))
        })
        .collect();
    // What is expected of persons does not hold; their reports are kept all the same.
    run(whosaw().args(["scenario", "run", "--keep"]).arg(&kept).args(&files), 1);
    let (mut compared, mut values) = (0, std::collections::BTreeMap::<String, u64>::new());
    for file in &files {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let mine = |path: &PathBuf| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            name.starts_with(&format!("{stem}-")) && name.ends_with(".json")
        };
        let all: Vec<PathBuf> =
            std::fs::read_dir(&kept).expect("reports").flatten().map(|entry| entry.path()).collect();
        let read = |path: &PathBuf| -> serde_json::Value {
            serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
        };
        let reports: Vec<serde_json::Value> = all.iter().filter(|path| mine(path)).map(read).collect();
        let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
        let mut exposed = std::collections::BTreeMap::new();
        for access in reports.iter().flat_map(|report| list(&report["accesses"])) {
            for entry in list(&access["entries"]) {
                exposed.insert(entry.as_u64(), access["authorisation"].clone());
            }
        }
        for entry in reports.iter().flat_map(|report| list(&report["entries"])) {
            let told = &entry["authorisation"];
            if let Some(by_exposure) = exposed.get(&entry["index"].as_u64()).filter(|_| !told.is_null()) {
                let story = || std::fs::read_to_string(file).unwrap_or_default();
                assert_eq!(told, by_exposure, "{}: entry {}\n{}", file.display(), entry["index"], story());
                compared += 1;
                *values.entry(told.to_string()).or_default() += 1;
            }
        }
    }
    assert!(compared > 50 && values.len() >= 3, "{values:?}");
}

/// Nobody's data was processed so often.
const UNASKED: u32 = 4_000;

fn written(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("a file can be written");
    path
}

fn one<'a>(chance: &mut Chance, list: &[&'a str]) -> &'a str {
    chance.any(list).expect("there are some")
}

/// Late, contradictory, circular: each line can be read, and together they may say anything.
fn story(chance: &mut Chance) -> String {
    let (people, groups, resources) =
        (["e1", "e2", "bot", "svc", "g1", "g2", "anybody"], ["g1", "g2", "svc"], ["R", "S"]);
    let mut text = String::from(
        "title random\nbot is an agent\nsvc is an account of e1, e2\ng1 is g2\ng2 is g1, e1\nR holds s1, s2\nproxy logs\n",
    );
    text.push_str(
        "V is an organisation in US\nV keeps for 30 days\nbot uses V\nbot sessions last 24 h\nR recovers for 30 days\n",
    );
    // What is asked for is spoken of, so that it can be asked for.
    text.push_str("00:01 e2 approves e8 reads S as unasked\n");
    text.push_str("policy p1 is approved by e2\npolicy p1 approvals last 3600 s\nW is an organisation\n");
    text.push_str("e2 may correct\ne2 may review\nemergencies are reviewed within 12 h\n");
    if chance.below(2) == 0 {
        text.push_str(&format!("{:02}:00 s1 restricts\n", chance.below(12)));
    }
    if chance.below(2) == 0 {
        text.push_str(&format!("{:02}:30 s1 is linked to s2{}\n", chance.below(12), one(chance, &["", " weakly"])));
    }
    if chance.below(2) == 0 {
        text.push_str(&format!("{:02}:10 case C opens on R\n", chance.below(12)));
        text.push_str(&format!("{:02}:20 case C is detected\n", 12 + chance.below(12)));
    }
    if chance.below(2) == 0 {
        text.push_str("R hides history\nR caches permissions for 600 s\n");
    }
    for _ in 0..4 + chance.below(14) {
        let (hour, minute) = (chance.below(24), chance.below(60));
        let (who, group, resource) = (one(chance, &people), one(chance, &groups), one(chance, &resources));
        let actor = one(chance, &["e1", "e2", "bot", "svc"]);
        let end = one(chance, &["", "", " until 08:00", " until 23:00"]);
        let how = one(chance, &["", "", " denied", " failed", " perhaps", " authorised", " unauthorised"]);
        // Named before or after, twice, or never: whatever is spoken of may be missing, in a circle, or the act itself.
        let (this, that) = (chance.below(6), chance.below(6));
        let named = match chance.below(4) {
            0 => format!(" as x{this}"),
            1 => format!(" because of x{that} as x{this}"),
            2 => format!(" same act as x{that} as x{this}"),
            _ => format!(" within x{that} approved by a{}", chance.below(3)),
        };
        let line = match chance.below(18) {
            10 => format!("e{} corrects x{that} to s{} as x{this}", chance.below(3), chance.below(3)),
            11 => format!("e{} retracts x{that} as x{this} saying it was not so", chance.below(3)),
            12 => format!(
                "{actor} approves {} reads {resource}{end} about s1 as a{}",
                one(chance, &["e1", "e2", "bot"]),
                chance.below(3)
            ),
            13 => format!("{actor} reviews x{that} as {}", one(chance, &["justified", "unjustified"])),
            14 => format!("{who} {} key k1", one(chance, &["gets", "loses"])),
            15 => one(
                chance,
                &["bot uses V", "bot uses W", "V keeps for 7 days", "e1 may correct", "e2 may correct no more"],
            )
            .to_owned(),
            16 => format!("bot {}{how}{named}", one(chance, &["calls its model", "closes its session in session c1"])),
            17 => format!("g1 {} key k1 as x{this}", one(chance, &["gets", "loses"])),
            0 | 1 => format!("e9 grants {resource} to {who}{end}{how}"),
            2 => format!("e9 grants {resource} to {who} as id{}", chance.below(3)),
            3 => format!("e9 revokes {resource} from {who}"),
            4 => format!("e9 revokes id{}", chance.below(4)),
            5 => format!(
                "{} {} {group}",
                one(chance, &["e1", "e2", "e3", "g1", "g2"]),
                one(chance, &["joins", "leaves"])
            ),
            6 => format!("s{} {} {resource}", chance.below(3), one(chance, &["enters", "leaves"])),
            7 => {
                let told =
                    ["svc is suspended", "svc works again", "e1 is suspended", "proxy is down", "proxy logs again"];
                one(chance, &told).to_owned()
            }
            _ => {
                let verb = one(
                    chance,
                    &[
                        "reads",
                        "views",
                        "downloads",
                        "loads",
                        "closes",
                        "sends",
                        "infers",
                        "remembers",
                        "forgets",
                        "deletes",
                        "restores",
                        "alters",
                        "posts",
                    ],
                );
                let about = one(
                    chance,
                    &[
                        "",
                        " about s1",
                        " about s1, s9",
                        " about s2 for e2",
                        " about s1 giving V under key k1",
                        " emergency",
                        " in session c1",
                        " about s1 told by other",
                        " about s2 under key k1 policy p1",
                    ],
                );
                format!("{actor} {verb} {resource}{about}{how}{named}")
            }
        };
        let recorded =
            if chance.below(4) == 0 { format!(" recorded {:02}:{minute:02}", chance.below(24)) } else { String::new() };
        text.push_str(&format!("{hour:02}:{minute:02} {line}{recorded}\n"));
    }
    text.push_str("24:00 report R, S\nexpect logging not_determinable\nexpect windows-are-checked\n");
    text.replace(
        "expect logging not_determinable\nexpect windows-are-checked\n",
        "expect is sound\nexpect people are sound\n",
    )
}
