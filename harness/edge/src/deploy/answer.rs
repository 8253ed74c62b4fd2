//! What a machine's answer means.
//!
//! Flows in: what a script printed, or why it printed nothing. Flows out: how the step came out, or what was seen. Must not:
//! take an answer that it does not understand for a good one.

use model::rollout::{Closure, End, Sight, Standing};

use super::peers::Reached;
use crate::{
    nix::words,
    ssh::{Answer, Unasked},
};

/// How a step came out.
pub(super) fn end(answered: Result<Answer, Unasked>) -> End {
    match answered {
        Ok(Answer { code: 0, .. }) => End::Done,
        Ok(answer) => not_done(&answer),
        Err(unasked) => unreached(&unasked),
    }
}

/// Why a script did not do what it is for.
fn not_done(answer: &Answer) -> End {
    match field(answer, "held") {
        Some(by) => End::Held { by: by.to_owned() },
        None => End::Failed { why: why(answer) },
    }
}

/// Whom a machine reached before, if it does no worse than then. Only its own word that it does worse is a failure: whoever could
/// not tell has told nothing.
pub(super) fn examined(answered: Result<Answer, Unasked>) -> Result<Reached, End> {
    let answer = answered.map_err(|_| End::Unreachable)?;
    let told = |word| answer.out.lines().filter_map(move |line: &str| line.strip_prefix(word));
    if answer.code == 0 {
        return Ok(told("reached ").map(str::to_owned).collect());
    }
    let worse: Vec<_> = told("worse ").collect();
    Err(match (worse.is_empty(), field(&answer, "held")) {
        (false, _) => End::Failed { why: listed(&worse) },
        (true, Some(by)) => End::Held { by: by.to_owned() },
        (true, None) => End::Unreachable,
    })
}

/// How many things are told.
const TOLD: usize = 3;

/// What is worse, in a line: the words come from a machine's own checks and logs.
pub(super) fn listed(worse: &[&str]) -> String {
    let printed = |line: &&str| -> String { line.chars().filter(|it| !it.is_control()).collect() };
    let mut all: Vec<_> = worse.iter().take(TOLD).map(printed).collect();
    all.extend(worse.len().checked_sub(TOLD).filter(|more| *more > 0).map(|more| format!("{more} more")));
    all.join("; ").trim_end_matches('.').to_owned()
}

/// What a machine does that is told to reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reboot {
    /// All of its new closure is in use.
    Needless,
    /// Nobody finds it up before it is booted.
    GoesDown,
}

/// What it does, or how the step ended without.
pub(super) fn reboot(answered: Result<Answer, Unasked>) -> Result<Reboot, End> {
    let answer = answered.map_err(|unasked| unreached(&unasked))?;
    match (answer.code, field(&answer, "skipped"), field(&answer, "goes")) {
        (0, Some(why), _) => Err(End::Skipped { why: why.to_owned() }),
        (0, None, Some("down")) => Ok(Reboot::GoesDown),
        (0, None, None) => Ok(Reboot::Needless),
        _ => Err(not_done(&answer)),
    }
}

/// How a machine came back; `None` while it does not say so.
pub(super) fn returned(answer: &Answer) -> Option<End> {
    let failed = |why: String| Some(End::Failed { why });
    match (answer.code, field(answer, "came"), field(answer, "stays")) {
        (0, Some("new"), _) => Some(End::Done),
        (0, Some(with), _) => failed(format!("it came back {with}")),
        (0, None, Some(said)) => {
            failed(format!("it does not go down: {said}").trim_end_matches([':', ' ', '.']).to_owned())
        }
        _ => None,
    }
}

/// What an end without an answer means: whether anybody knows how far the step came.
pub(super) fn unreached(unasked: &Unasked) -> End {
    match unasked {
        // What was begun may go on there.
        Unasked::Offline(_)
        | Unasked::Lost(_)
        | Unasked::CutShort(_)
        | Unasked::TimedOut(_)
        | Unasked::TooLong(_) => End::Unreachable,
        // The machine was told nothing: somebody has to put it right, here or there.
        Unasked::Distrusted { .. }
        | Unasked::Denied(_)
        | Unasked::NoShell(_)
        | Unasked::Refused(_)
        | Unasked::System(_) => End::Failed { why: unasked.to_string().trim_end_matches('.').to_owned() },
    }
}

fn why(answer: &Answer) -> String {
    let said = answer.out.lines().rev().find_map(|line| line.strip_prefix("why "));
    let complained = || answer.err.lines().map(str::trim).rfind(|line| !line.is_empty());
    let words = said.or_else(complained).unwrap_or("the script there ended without a word");
    // What a script could not do is nix's, or a boot loader's, to explain.
    words::reason(words)
}

/// What a look found; `built` was found here.
pub(super) fn sight(answer: &Answer, built: bool) -> Result<Sight, End> {
    if answer.code != 0 {
        return Err(not_done(answer));
    }
    let read = || {
        let running = match field(answer, "running")? {
            "-" => None,
            path => Some(Closure(path.to_owned())),
        };
        Some(Sight {
            built,
            copied: yes(field(answer, "copied")?)?,
            running,
            profile: Closure(field(answer, "profile")?.to_owned()),
            timer: yes(field(answer, "timer")?)?,
            tried: yes(field(answer, "tried")?)?,
        })
    };
    read().ok_or_else(|| End::Failed { why: "the machine's answer to a look cannot be read".to_owned() })
}

/// What runs and boots; `None` where that cannot be told.
pub(super) fn standing(answer: &Answer) -> Option<Standing> {
    let path = |key| field(answer, key).filter(|path| !path.is_empty()).map(|path| Closure(path.to_owned()));
    Some(Standing { running: path("running")?, profile: path("profile")? })
}

pub(super) fn field<'a>(answer: &'a Answer, key: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(key)?.strip_prefix(' ');
    answer.out.lines().find_map(value)
}

fn yes(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::sighting::outlook::Distrust;

    use super::*;

    fn said(code: i32, out: &str, err: &str) -> Answer {
        Answer { out: out.to_owned(), code, err: err.to_owned() }
    }

    fn held() -> End {
        End::Held { by: "carl, who copies".to_owned() }
    }

    fn failed(why: &str) -> End {
        End::Failed { why: why.to_owned() }
    }

    #[test]
    fn the_machines_own_words_are_told() {
        assert_eq!(end(Ok(said(0, "", "warning"))), End::Done);
        assert_eq!(end(Ok(said(1, "x\nwhy it burns.\n", "sh: y"))), failed("it burns"));
        assert_eq!(end(Ok(said(127, "", "\nsh: 1: flock: not found\n"))), failed("sh: 1: flock: not found"));
        assert_eq!(end(Ok(said(2, "", ""))), failed("the script there ended without a word"));
        assert_eq!(end(Ok(said(1, "held carl, who copies\n", ""))), held());
    }

    #[test]
    fn only_a_machine_that_says_so_does_worse() {
        assert_eq!(examined(Ok(said(0, "reached b over net\n", ""))), Ok(["b over net".to_owned()].into()));
        let out = "worse unit web.service: no \u{1b}[31mroom.\nworse check disk: it ended with 1\n";
        assert_eq!(
            examined(Ok(said(1, out, ""))),
            Err(failed("unit web.service: no [31mroom.; check disk: it ended with 1"))
        );
        let many: String = (0..9).map(|number| format!("worse check {number}: no\n")).collect();
        let told = "check 0: no; check 1: no; check 2: no; 6 more";
        assert_eq!(examined(Ok(said(1, &many, ""))), Err(failed(told)));
        assert_eq!(
            examined(Ok(said(1, "why an activation there does not end\n", ""))),
            Err(End::Unreachable)
        );
        assert_eq!(examined(Ok(said(1, "held carl, who copies\n", ""))), Err(held()));
        assert_eq!(examined(Err(Unasked::Denied(String::new()))), Err(End::Unreachable));
    }

    #[test]
    fn a_reboot_is_told_by_the_machines_own_words() {
        assert_eq!(reboot(Ok(said(0, "", ""))), Ok(Reboot::Needless));
        assert_eq!(reboot(Ok(said(0, "goes down\n", ""))), Ok(Reboot::GoesDown));
        let why = "it cannot".to_owned();
        assert_eq!(reboot(Ok(said(0, "skipped it cannot\n", ""))), Err(End::Skipped { why }));
        assert_eq!(reboot(Ok(said(1, "why it burns\n", ""))), Err(failed("it burns")));
        assert_eq!(reboot(Ok(said(1, "held carl, who copies\n", ""))), Err(held()));
        assert_eq!(reboot(Err(Unasked::Lost(String::new()))), Err(End::Unreachable));
        assert_eq!(returned(&said(0, "came new\n", "")), Some(End::Done));
        assert_eq!(returned(&said(0, "came with x\n", "")), Some(failed("it came back with x")));
        assert_eq!(returned(&said(0, "stays \n", "")), Some(failed("it does not go down")));
        for nothing in [said(1, "held carl, who copies\n", ""), said(1, "came new\n", ""), said(0, "", "")] {
            assert_eq!(returned(&nothing), None);
        }
    }

    #[test]
    fn in_doubt_is_only_what_may_have_begun() {
        for doubt in
            [Unasked::Offline(String::new()), Unasked::Lost(String::new()), Unasked::TimedOut(Duration::ZERO)]
        {
            assert_eq!(end(Err(doubt)), End::Unreachable);
        }
        let other = Unasked::Distrusted { what: Distrust::Changed, said: "it has changed.".to_owned() };
        assert!(matches!(end(Err(other)), End::Failed { why } if why.contains("it has changed")));
    }

    #[test]
    fn a_look_is_read_whole_or_not_at_all() {
        let whole = "running -\nprofile /nix/store/a\ncopied yes\ntimer no\ntried yes\n";
        let sight = sight(&said(0, whole, ""), true).unwrap();
        assert_eq!((sight.running, sight.profile.0.as_str()), (None, "/nix/store/a"));
        assert_eq!((sight.built, sight.copied, sight.timer, sight.tried), (true, true, false, true));
        for cut in ["tried yes\n", "timer no\n", "running -\n"] {
            assert!(super::sight(&said(0, &whole.replace(cut, ""), ""), true).is_err(), "{cut}");
        }
        assert_eq!(super::sight(&said(1, "why it burns\n", ""), true), Err(failed("it burns")));
        assert_eq!(super::sight(&said(1, "held carl, who copies\n", ""), true), Err(held()));
    }
}
