//! What goes wrong with the state folder, with the advice that belongs to it.

use std::{error::Error, io, path::Path};

use edge::{
    journal::JournalError,
    ledger::{Ledger, LedgerError, Note},
    promotions::LockError,
    state::{State, StateError},
};
use model::evidence::RunId;
use run::{SinkFailed, rollout::LogFailed};

use crate::{desk::Desk, stop::Stop};

/// The state folder cannot be used.
#[must_use]
pub fn state(error: StateError) -> Stop {
    let remedy = error.remedy();
    let what = "the run cannot be recorded, so it was not started";
    let stop = if error.is_full() { Stop::broken(what) } else { Stop::input(what) };
    helped(stop, remedy).because(error)
}

/// The index of evidence cannot be used: said, and nothing is reused.
pub fn without_evidence<T>(desk: &Desk, error: &LedgerError) -> Option<T> {
    let first: &dyn Error = error;
    let chain = std::iter::successors(Some(first), |error| (*error).source());
    let told: Vec<_> = chain.map(ToString::to_string).collect();
    desk.screen.note(&format!("warning: {}; everything is asked again", told.join(": ")));
    None
}

/// The journal cannot be written any more.
#[must_use]
pub fn sink(error: SinkFailed) -> Stop {
    let full = error.source.kind() == io::ErrorKind::StorageFull;
    let remedy = full.then_some("make room on the disk; old runs in .seaworthy/runs may be deleted");
    helped(Stop::broken("the run was broken off"), remedy).because(error)
}

/// A journal cannot be read.
#[must_use]
pub fn journal(error: JournalError) -> Stop {
    let help = match &error {
        JournalError::NoSuchRun(_) => "`seaworthy report --list` shows the runs that there are",
        _ => "a journal that was changed is no evidence; run `seaworthy verify` again",
    };
    Stop::input("the run cannot be reported on").because(error).help(help)
}

/// The journal of a promotion cannot be used.
#[must_use]
pub fn promotion(error: JournalError) -> Stop {
    if let JournalError::File(file) = &error {
        let what = "the promotion's journal cannot be used";
        let stop = if file.is_full() { Stop::broken(what) } else { Stop::input(what) };
        let help = file.remedy().unwrap_or("see that .seaworthy/promotions can be read and written");
        return stop.help(help).because(error);
    }
    let help = match &error {
        JournalError::NoSuchPromotion(_) => "`seaworthy history --list` shows the promotions that there are",
        _ => {
            "a journal that was changed tells nothing: look at each machine, move its folder away, and promote again"
        }
    };
    Stop::input("the promotion cannot be read").because(error).help(help)
}

/// The journal of a promotion cannot be written any more.
#[must_use]
pub fn log(error: LogFailed) -> Stop {
    let full = error.source.kind() == io::ErrorKind::StorageFull;
    let remedy = if full {
        "make room on the disk, then run `seaworthy promote` again"
    } else {
        "run `seaworthy promote` again"
    };
    Stop::broken("the promotion was broken off; it goes on from its journal").because(error).help(remedy)
}

/// Somebody has the fleet's lock, or had it.
#[must_use]
pub fn locked(error: LockError) -> Stop {
    let help = match &error {
        LockError::Held(_) => {
            "wait for it to end; `seaworthy freeze REASON` stops it from activating anything more"
        }
        LockError::Left(_) => {
            "see that nothing of it is left, then say `--break-lock`; the promotion goes on from its journal"
        }
        LockError::File(_) => "make the project's folder .seaworthy writable",
    };
    Stop::input("the fleet is locked").because(error).help(help)
}

/// A report cannot be written where it was asked for.
#[must_use]
pub fn export(path: &Path, error: io::Error) -> Stop {
    Stop::input(format!("the report cannot be written to {}", path.display()))
        .because(error)
        .help("the run itself is recorded: `seaworthy report` prints it in any form")
}

/// Takes the run's passes into the index. The journal is the truth: where this fails, the next run makes up for it.
pub fn recorded(desk: &Desk, state: &State, run: &RunId) {
    match Ledger::open(state).and_then(|(mut ledger, _)| ledger.record(run)) {
        Ok(notes) => tell(desk, &notes),
        Err(error) => desk.screen.note(&format!("warning: {error}; the next run will ask again")),
    }
}

/// Says what is worth saying about the ledger.
pub fn tell<'a>(desk: &Desk, notes: impl IntoIterator<Item = &'a Note>) {
    for note in notes {
        desk.screen.note(&match note {
            Note::Rebuilt { reason } => format!("note: the index of evidence was made anew: {reason}"),
            Note::Unreadable { run, source } => format!("warning: run {run} is no evidence: {source}"),
        });
    }
}

fn helped(stop: Stop, remedy: Option<&str>) -> Stop {
    match remedy {
        Some(remedy) => stop.help(remedy),
        None => stop,
    }
}
