//! Whose entries they are: as known at a size, whatever was linked later, and however an identifier was called.

use crate::sample::*;
use whosaw::model::*;
use whosaw::report::access::document::*;
use whosaw::report::evidence::*;
use whosaw::report::facts;
use whosaw::report::person::{KnownThen, known_then, strength_of};
use whosaw_verifier::body::PartGroup;
use whosaw_verifier::part;

fn known_as(index: u64, identities: &[(&str, Strength)]) -> Observation {
    let to_part = |(name, strength): &(&str, Strength)| part::Identity {
        namespace: "customer".into(),
        fields: vec![(*name).into()],
        strength: *strength,
    };
    read(index).person(|person| person.identities = identities.iter().map(to_part).collect()).done()
}

fn asked(name: &str, strength: Strength) -> Identity {
    identity("customer", &[name], strength)
}

fn indexes(observations: &[Observation]) -> Vec<u64> {
    observations.iter().map(|observation| observation.index).collect()
}

fn report_on(asked: Identity, known: KnownThen) -> whosaw::report::AccessReport {
    let mut evidence = with(known.observations);
    (evidence.possible, evidence.identities) = (known.possible, known.identities);
    facts(&AccessQuestion { subject: asked, ..question() }, &evidence, &envelope())
}

/// The question is brought into the form in which everything was recorded; what is then asked finds it.
#[test]
fn a_question_in_another_unicode_form_means_the_same_person() {
    let found = vec![known_as(1, &[("Ren\u{e9}", Strength::Strong)])];
    let question = whosaw::vault::normal(&asked("Rene\u{301}", Strength::Strong));
    assert_eq!(indexes(&known_then(&question, found, Vec::new(), &[]).observations), [1]);
    let known = [asked("Ren\u{e9}", Strength::Weak)];
    assert_eq!(strength_of(&question, &known), Strength::Weak);
}

/// Two identifiers are linked by entry 9. A report of a smaller size must not know it, in anything it counts.
#[test]
fn a_later_link_changes_nothing_of_an_earlier_size() {
    let before = || vec![known_as(1, &[("a", Strength::Strong)])];
    let others = || known_as(2, &[("b", Strength::Strong)]);
    let then = known_then(&asked("a", Strength::Strong), before(), Vec::new(), &[]);
    // Since then the vault looks under both.
    let later = known_then(&asked("a", Strength::Strong), [before(), vec![others()]].concat(), Vec::new(), &[]);
    assert_eq!(then, later);
    assert_eq!((then.entries(), later.entries()), (1, 1));
    let linked = known_as(9, &[("a", Strength::Strong), ("b", Strength::Strong)]);
    let now = known_then(&asked("a", Strength::Strong), [before(), vec![others(), linked]].concat(), Vec::new(), &[]);
    assert_eq!(indexes(&now.observations), [1, 2, 9]);
}

/// Weakly linked then, strongly since: what was possible then is possible still.
#[test]
fn what_was_possible_then_does_not_disappear_when_it_is_linked_for_sure() {
    let own = || known_as(1, &[("a", Strength::Strong), ("anna 1990", Strength::Weak)]);
    let other = || known_as(2, &[("b", Strength::Strong), ("anna 1990", Strength::Weak)]);
    let then = known_then(&asked("a", Strength::Strong), vec![own()], vec![other()], &[]);
    assert_eq!((indexes(&then.observations), indexes(&then.possible)), (vec![1], vec![2]));
    let later = known_then(&asked("a", Strength::Strong), vec![own(), other()], Vec::new(), &[]);
    assert_eq!(then, later);
}

#[test]
fn an_identifier_that_was_called_weak_elsewhere_widens() {
    let known = known_then(
        &asked("a", Strength::Strong),
        vec![known_as(1, &[("a", Strength::Strong)])],
        vec![known_as(2, &[("a", Strength::Weak)]), known_as(3, &[("c", Strength::Weak)])],
        &[],
    );
    assert_eq!(indexes(&known.possible), [2]);
    let report = report_on(asked("a", Strength::Strong), known);
    assert_eq!(report.totals.processed, Range { low: 1, high: 2 });
}

/// Two customers were said to have one account, which cannot be: whoever may be this person may be so with all of theirs.
#[test]
fn who_may_be_this_person_may_be_so_in_every_entry() {
    let own = known_as(1, &[("a", Strength::Strong), ("account", Strength::Strong)]);
    let joining = known_as(2, &[("b", Strength::Strong), ("account", Strength::Weak)]);
    let others = vec![joining, known_as(3, &[("b", Strength::Strong)]), known_as(4, &[("c", Strength::Strong)])];
    let known = known_then(&asked("a", Strength::Strong), vec![own], others, &[]);
    assert_eq!((indexes(&known.observations), indexes(&known.possible)), (vec![1], vec![2, 3]));
}

/// Asked by a name and a birth date alone, which two people may share: nothing is certain of either.
#[test]
fn a_weak_identity_alone_makes_nothing_certain() {
    let weak = |index| known_as(index, &[("anna 1990", Strength::Weak)]);
    let failed =
        read(3).outcome(Outcome::Failed).person(|person| person.identities = weak(3).person.unwrap().identities);
    let into = read(4).arguments_only().person(|person| person.identities = weak(4).person.unwrap().identities);
    let asked = asked("anna 1990", Strength::Weak);
    let known = known_then(&asked, vec![weak(1), weak(2), failed.done(), into.done()], Vec::new(), &[]);
    let report = report_on(asked, known);
    let totals = &report.totals;
    assert_eq!((totals.acts, totals.processed), (4, Range { low: 0, high: 2 }));
    assert_eq!((totals.into_tools, totals.attempts), (Range { low: 0, high: 4 }, Range { low: 0, high: 1 }));
    assert_eq!(totals.arguments_only, Range { low: 0, high: 1 });
    assert_eq!(report.answer.verdict, Verdict::NotDeterminable);
}

/// One entry, and in it two linked identifiers: the customer whose data were shown, and the employee who looked.
#[test]
fn two_parts_of_one_person_in_one_entry_are_taken_together() {
    let both = |as_ordinal: u32| {
        let mut sample = read(1).rendered_to((1 << 16) + 1).body(|body| {
            body.actors = vec![human(2)];
            body.parts[0].roles = vec![Role::DataSubject];
            body.parts.push(PartGroup { first: 1, count: 1, roles: vec![Role::Actor], ..PartGroup::default() });
        });
        sample.observation.ordinal = as_ordinal;
        let sample = sample.person(|person| {
            let (name, role) = if as_ordinal == 0 { ("a", Role::DataSubject) } else { ("b", Role::Actor) };
            person.roles = vec![role];
            person.identities = known_as(1, &[(name, Strength::Strong)]).person.unwrap().identities;
        });
        sample.done()
    };
    let link = || known_as(2, &[("a", Strength::Strong), ("b", Strength::Strong)]);
    let known = known_then(&asked("b", Strength::Strong), vec![both(0), both(1), link()], Vec::new(), &[]);
    assert_eq!(known.entries(), 2);
    let report = report_on(asked("b", Strength::Strong), known);
    let entry = &report.entries[0];
    assert_eq!(entry.roles.iter().map(|role| role.0).collect::<Vec<_>>(), [Role::DataSubject, Role::Actor]);
    assert_eq!((entry.class, entry.actors[0].party.clone()), (Class::Processed, Party::ThisPerson));
    assert!(entry.returned.iter().any(|category| category.0 == Category::Payment));
    assert_eq!(report.totals.shown_to_humans, Range::default(), "to nobody else");
    assert_eq!(report.totals.shown_to_this_person, Range { low: 1, high: 1 });
    // Before the link was recorded, the employee was somebody else.
    let then = known_then(&asked("b", Strength::Strong), vec![both(0), both(1)], Vec::new(), &[]);
    assert_eq!(report_on(asked("b", Strength::Strong), then).entries[0].class, Class::OtherPart);
}

/// A certain part that moves nothing, and a weak one in the same act that was given to a tool.
#[test]
fn a_weak_part_counts_above_in_its_own_class() {
    let mut evidence = with(vec![read(1).principal_only(Determination::Listed).done()]);
    let mut weak = read(1).arguments_only().body(|body| body.parts[0].count = 6).done();
    weak.ordinal = 5;
    evidence.possible = vec![weak];
    let report = facts(&question(), &evidence, &envelope());
    assert_eq!(report.totals.arguments_only, Range { low: 0, high: 1 });
}

/// An entry may state that two identifiers mean one person, and another one take it back; the newest one counts.
#[test]
fn what_entries_state_of_links_counts_until_it_is_taken_back() {
    use whosaw::report::person::StatedLink;
    let certain = || vec![known_as(1, &[("a", Strength::Strong)]), known_as(2, &[("b", Strength::Strong)])];
    let stated = |index: u64, strength: Strength, undone: bool| StatedLink {
        index,
        one: asked("b", Strength::Strong),
        other: asked("a", Strength::Strong),
        strength,
        undone,
    };
    let of = |links: &[StatedLink]| {
        indexes(&known_then(&asked("a", Strength::Strong), certain(), vec![], links).observations)
    };
    assert_eq!(of(&[]), [1]);
    assert_eq!(of(&[stated(5, Strength::Weak, false)]), [1]);
    assert_eq!(of(&[stated(5, Strength::Strong, false)]), [1, 2]);
    assert_eq!(of(&[stated(7, Strength::Unspecified, true), stated(5, Strength::Strong, false)]), [1]);
    assert_eq!(of(&[stated(9, Strength::Strong, false), stated(7, Strength::Unspecified, true)]), [1, 2]);
}
