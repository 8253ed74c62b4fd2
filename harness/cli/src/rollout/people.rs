//! `seaworthy approve`, `freeze`, `thaw`: what people say, written into the journal of the last promotion. A process that
//! promotes meanwhile hears of it.

use std::{collections::BTreeMap, path::Path};

use edge::{evidence::Approval, promotions::PromotionJournal, state::State as Folder};
use judge::promote::State;
use model::{
    course::{Course, Leg},
    machine::MachineName,
    promotion::Signer,
    rollout::Happened,
};
use tokio::sync::mpsc;

use crate::{args, desk::Desk, evidence, exit::Exit, pipeline, stop::Stop, trouble};

/// Agrees to a wave. Where the policy names keys, the key says who agrees; else the environment does.
///
/// # Errors
/// There is no promotion that goes on, no such wave, whoever agrees has no say in it, or nothing was signed.
pub async fn approve(
    desk: &Desk,
    options: &args::Approve,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let Some(fleet) = pipeline::fleet(desk, interrupts).await? else {
        return Err(Stop::input("there is no fleet.toml, and so no policy that asks for anybody's word"));
    };
    let course = load::course::course(&fleet).unwrap_or_default();
    let leg = course.waves.iter().find(|leg| leg.name == options.wave).ok_or_else(|| {
        let all: Vec<_> = course.waves.iter().map(|leg| leg.name.as_str()).collect();
        Stop::input(format!("no wave is called `{}`", options.wave))
            .help(format!("the waves are {}", all.join(", ")))
    })?;
    let (by, signed) = match (fleet.approvers(), &options.key) {
        ([], None) => (desk.user()?, None),
        ([], Some(_)) => {
            return Err(Stop::input("the policy names no key, so that a signature says nothing")
                .help("`[promotion] approvers` names the keys of those who agree"));
        }
        (_, None) => {
            return Err(Stop::input("an approval that is not signed does not count in this fleet")
                .help("`--key FILE` signs it, with the key that `[promotion] approvers` names for you"));
        }
        (approvers, Some(key)) => {
            let (by, signed) = sign(desk, &course, leg, approvers, key).await?;
            (by, Some(signed))
        }
    };
    let may = leg.approvals.as_ref().is_some_and(|approvals| approvals.by.contains(&by));
    if !may {
        let all: Vec<_> = leg.approvals.iter().flat_map(|it| &it.by).map(String::as_str).collect();
        let help = if all.is_empty() {
            "it needs nobody's word".to_owned()
        } else {
            format!("{} may", all.join(", "))
        };
        return Err(Stop::input(format!("{by} has no say in wave `{}`", options.wave)).help(help));
    }
    let (journal, _) = going_on(desk, &course)?;
    say(desk, journal, Happened::Approved { by, wave: options.wave.clone(), signed, held: None })
}

/// The promotion that hears a word.
fn going_on(desk: &Desk, course: &Course) -> Result<(PromotionJournal, State), Stop> {
    let mut journal = last(desk)?;
    let state = State::of(&journal.entries().map_err(trouble::promotion)?);
    if state.is_over(course) {
        let over = journal.promotion();
        return Err(Stop::input(format!("promotion {over} is over: nothing waits for anybody's word"))
            .help("`seaworthy promote` begins another; it is agreed to once it has begun"));
    }
    Ok((journal, state))
}

/// Signs that a wave may go, with the closures that the promotion brings its machines; and by whom that is.
async fn sign(
    desk: &Desk,
    course: &Course,
    leg: &Leg,
    approvers: &[Signer],
    key: &Path,
) -> Result<(String, String), Stop> {
    let (journal, state) = going_on(desk, course)?;
    let closure = |name: &MachineName| Some((name.clone(), state.machines().get(name)?.change.new.clone()));
    let closures: BTreeMap<_, _> = leg.machines.iter().filter_map(closure).collect();
    if closures.is_empty() {
        return Err(Stop::input(format!("the promotion has no machine of wave `{}` yet", leg.name))
            .help("what is signed names the closures, and of these none is known"));
    }
    // Nobody signs what they are not shown.
    for (name, closure) in &closures {
        desk.screen.note(&format!("{name} gets {closure}"));
    }
    let approval = Approval { promotion: journal.promotion().clone(), wave: leg.name.clone(), closures };
    let signed = approval.sign(&evidence::keygen(desk)?, key).await.map_err(evidence::unsigned)?;
    let (by, _) = approval.signer(&signed, approvers).map_err(|why| {
        let all: Vec<_> = approvers.iter().map(|signer| signer.name.as_str()).collect();
        Stop::input("your word would not count")
            .because(why)
            .help(format!("`approvers` names {}", all.join(", ")))
    })?;
    Ok((by, signed))
}

/// Stops all further activations.
///
/// # Errors
/// There is no promotion, or its journal cannot be used.
pub fn freeze(desk: &Desk, options: &args::Freeze) -> Result<Exit, Stop> {
    let by = desk.user()?;
    let journal = last(desk).map_err(|stop| {
        stop.help("`[promotion] freezes` of fleet.toml holds a promotion that nobody has begun yet")
    })?;
    let (frozen, noted) =
        (Happened::Frozen { by, reason: options.reason.clone() }, journal.promotion().clone());
    say(desk, journal, frozen.clone())?;
    // Whoever began another one just now may not have read it.
    let mut last = last(desk)?;
    let state = State::of(&last.entries().map_err(trouble::promotion)?);
    if *last.promotion() != noted && state.frozen().is_none() {
        say(desk, last, frozen)?;
    }
    Ok(Exit::Open)
}

/// Allows them again.
///
/// # Errors
/// There is no promotion, or its journal cannot be used.
pub fn thaw(desk: &Desk) -> Result<Exit, Stop> {
    let by = desk.user()?;
    let mut journal = last(desk)?;
    if State::of(&journal.entries().map_err(trouble::promotion)?).frozen().is_none() {
        desk.screen.note("nobody stopped anything");
        return Ok(Exit::Open);
    }
    say(desk, journal, Happened::Thawed { by })
}

fn say(desk: &Desk, mut journal: PromotionJournal, what: Happened) -> Result<Exit, Stop> {
    journal.note(desk.now, what).map_err(trouble::promotion)?;
    desk.screen.note(&format!("noted in promotion {}", journal.promotion()));
    Ok(Exit::Open)
}

/// The journal of the last promotion.
///
/// # Errors
/// There is none.
pub(super) fn last(desk: &Desk) -> Result<PromotionJournal, Stop> {
    let folder = Folder::find(&desk.project.folder);
    let journal =
        folder.map(|folder| PromotionJournal::latest(&folder)).transpose().map_err(trouble::promotion)?;
    journal.flatten().ok_or_else(|| {
        Stop::input("nothing was promoted here")
            .help("`seaworthy promote` begins a promotion; `seaworthy status` shows what it would do")
    })
}
