//! Free space where seaworthy and nix write, and whether seaworthy may.
//!
//! Flows in: three folders. Flows out: an item each. Must not: write, or wait for a file system that hangs.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustix::fs::Access;

use super::{
    Inputs,
    item::Item,
    tool::{LIMIT, blocking},
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// Files that must still be possible to make, on file systems that count them.
const FEWEST_FILES: u64 = 10_000;

/// A folder that is written to.
struct Kind {
    name: &'static str,
    costs: &'static str,
    /// Less is degraded.
    wanted: u64,
    /// Less is missing.
    needed: u64,
    /// Whether this process itself writes there; to the store nix's daemon does.
    ours: bool,
}

/// A run's journal takes some MiB.
const STATE: Kind = Kind {
    name: "disk-state",
    costs: "runs cannot be recorded, and without a record no gate opens",
    wanted: 500 * MIB,
    needed: 50 * MIB,
    ours: true,
};
/// One system's closure takes some GiB.
const STORE: Kind = Kind {
    name: "disk-store",
    costs: "builds fail for want of room; `nix store gc` makes some",
    wanted: 10 * GIB,
    needed: GIB,
    ours: false,
};
/// Builds unpack their sources here.
const TEMPORARY: Kind = Kind {
    name: "disk-temporary",
    costs: "builds and evaluators fail for want of room",
    wanted: 2 * GIB,
    needed: 100 * MIB,
    ours: true,
};

/// What a file system says of itself.
#[derive(Debug, Clone, Copy)]
struct Room {
    free: u64,
    size: u64,
    /// Files that can still be made; `None` where the file system does not count them.
    files: Option<u64>,
    /// Whether this process may write.
    writable: bool,
}

pub(super) async fn items(inputs: &Inputs) -> [Item; 3] {
    let (state, store, temporary) = tokio::join!(
        item(STATE, inputs.state.clone()),
        item(STORE, inputs.store.clone()),
        item(TEMPORARY, inputs.temporary.clone()),
    );
    [state, store, temporary]
}

async fn item(kind: Kind, folder: PathBuf) -> Item {
    let asked = folder.clone();
    let room = blocking(LIMIT, move || room(&asked)).await;
    judge(&kind, &folder, room)
}

fn judge(kind: &Kind, folder: &Path, room: Option<io::Result<Room>>) -> Item {
    let folder = folder.display();
    let room = match room {
        Some(Ok(room)) => room,
        Some(Err(error)) => {
            return Item::degraded(kind.name, format!("cannot tell for {folder}: {error}"), kind.costs);
        }
        None => return Item::missing(kind.name, format!("the file system of {folder} hangs"), kind.costs),
    };
    if kind.ours && !room.writable {
        let remedy = format!("let this user write to {folder}, or what it is to stand in");
        return Item::missing(kind.name, format!("{folder} cannot be written"), kind.costs).remedy(remedy);
    }
    let remedy = format!("free some room on the file system of {folder}");
    if let Some(files) = room.files.filter(|files| *files < FEWEST_FILES) {
        let found = format!("only {files} more files can be made for {folder}");
        return Item::missing(kind.name, found, kind.costs).remedy(remedy);
    }
    let found = format!("{} free of {} for {folder}", shown(room.free), shown(room.size));
    match room.free {
        free if free < kind.needed => Item::missing(kind.name, found, kind.costs).remedy(remedy),
        free if free < kind.wanted => Item::degraded(kind.name, found, kind.costs).remedy(remedy),
        _ => Item::good(kind.name, found, kind.costs),
    }
}

/// The room for a folder: it, or the nearest folder above it that is there.
fn room(folder: &Path) -> io::Result<Room> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let said = rustix::fs::statvfs(there)?;
    Ok(Room {
        free: said.f_bavail.saturating_mul(said.f_frsize),
        size: said.f_blocks.saturating_mul(said.f_frsize),
        files: (said.f_files > 0).then_some(said.f_favail),
        writable: rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
fn shown(bytes: u64) -> String {
    let (unit, name) = if bytes >= GIB { (GIB, "GiB") } else { (MIB, "MiB") };
    format!("{:.1} {name}", bytes as f64 / unit as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[track_caller]
    fn check(free: u64, files: Option<u64>, state: State, found: &str) {
        let room = Room { free, size: 200 * GIB, files, writable: false };
        let item = judge(&STORE, Path::new("/nix/store"), Some(Ok(room)));
        assert_eq!((item.state, item.found.as_str()), (state, found));
        assert_eq!(item.remedy.is_some(), state != State::Good);
    }

    #[test]
    fn room_is_judged_by_what_is_written_there() {
        check(10 * GIB, Some(1 << 20), State::Good, "10.0 GiB free of 200.0 GiB for /nix/store");
        check(10 * GIB - 1, None, State::Degraded, "10.0 GiB free of 200.0 GiB for /nix/store");
        check(GIB, None, State::Degraded, "1.0 GiB free of 200.0 GiB for /nix/store");
        check(512 * MIB, None, State::Missing, "512.0 MiB free of 200.0 GiB for /nix/store");
    }

    #[test]
    fn files_run_out_too_where_they_are_counted() {
        check(100 * GIB, Some(9_999), State::Missing, "only 9999 more files can be made for /nix/store");
        check(100 * GIB, Some(10_000), State::Good, "100.0 GiB free of 200.0 GiB for /nix/store");
    }

    #[test]
    fn a_file_system_that_hangs_or_fails_is_told() {
        assert_eq!(judge(&STATE, Path::new("/x"), None).state, State::Missing);
        let failed = judge(&STATE, Path::new("/x"), Some(Err(io::Error::other("stale"))));
        assert_eq!((failed.state, failed.found.as_str()), (State::Degraded, "cannot tell for /x: stale"));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let judged = |writable| {
            let room = Room { free: 10 * GIB, size: 200 * GIB, files: None, writable };
            judge(&STATE, Path::new("/x"), Some(Ok(room)))
        };
        assert_eq!((judged(true).state, judged(false).state), (State::Good, State::Missing));
        assert_eq!(judged(false).found, "/x cannot be written");
        assert!(room(Path::new("/dev/null")).is_ok_and(|room| !room.writable), "a file is no folder");
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_the_room_of_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let (here, below) = (room(folder.path()).unwrap(), room(&folder.path().join("a/b")).unwrap());
        assert!(here.size > 0);
        assert_eq!(here.size, below.size);
    }
}
