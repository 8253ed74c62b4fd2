//! `seaworthy approve`, `freeze`, `thaw`: what people say, written into the journal of the last promotion. A process that
//! promotes meanwhile hears of it.

use edge::{promotions::PromotionJournal, state::State as Folder};
use judge::promote::State;
use model::rollout::Happened;

use crate::{args, desk::Desk, exit::Exit, sources, stop::Stop, trouble};

/// Agrees to a wave.
///
/// # Errors
/// There is no promotion that goes on, no such wave, or the user has no say in it.
pub fn approve(desk: &Desk, options: &args::Approve) -> Result<Exit, Stop> {
    let by = user(desk)?;
    let (Some(fleet), _) = sources::fleet_toml(desk)? else {
        return Err(Stop::input("there is no fleet.toml, and so no policy that asks for anybody's word"));
    };
    let course = load::course::course(&load::resolve::resolve(fleet)).unwrap_or_default();
    let leg = course.waves.iter().find(|leg| leg.name == options.wave).ok_or_else(|| {
        let all: Vec<_> = course.waves.iter().map(|leg| leg.name.as_str()).collect();
        Stop::input(format!("no wave is called `{}`", options.wave))
            .help(format!("the waves are {}", all.join(", ")))
    })?;
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
    let mut journal = last(desk)?;
    let state = State::of(&journal.entries().map_err(trouble::promotion)?);
    if state.is_over(&course) {
        let over = journal.promotion();
        return Err(Stop::input(format!("promotion {over} is over: nothing waits for anybody's word"))
            .help("`seaworthy promote` begins another; it is agreed to once it has begun"));
    }
    say(desk, journal, Happened::Approved { by, wave: options.wave.clone() })
}

/// Stops all further activations.
///
/// # Errors
/// There is no promotion, or its journal cannot be used.
pub fn freeze(desk: &Desk, options: &args::Freeze) -> Result<Exit, Stop> {
    let by = user(desk)?;
    let journal = last(desk).map_err(|stop| {
        stop.help("`[promotion] freezes` of fleet.toml holds a promotion that nobody has begun yet")
    })?;
    say(desk, journal, Happened::Frozen { by, reason: options.reason.clone() })
}

/// Allows them again.
///
/// # Errors
/// There is no promotion, or its journal cannot be used.
pub fn thaw(desk: &Desk) -> Result<Exit, Stop> {
    let by = user(desk)?;
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

/// Who sits here, by the environment.
///
/// # Errors
/// It does not say.
pub(super) fn user(desk: &Desk) -> Result<String, Stop> {
    let set = |name: &str| {
        let value = desk.environment.all.get(std::ffi::OsStr::new(name))?.to_str()?;
        (!value.is_empty()).then(|| value.to_owned())
    };
    set("USER").or_else(|| set("LOGNAME")).ok_or_else(|| {
        Stop::input("the environment does not say who you are").help("set USER: it stands in the journal")
    })
}
