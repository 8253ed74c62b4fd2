//! The state folder `.seaworthy/` of a project: what runs leave behind, and nothing that cannot be made again but runs.
//!
//! Flows in: the project's folder. Flows out: the paths in it, and new folders for runs.
//! Must not: read or write what stands in those places; their own modules do.
//!
//! ```text
//! .seaworthy/
//!   .gitignore            `*`
//!   runs/<run>/           plan.json, events.jsonl, what checks leave behind: see edge::journal
//!   promotions/<name>/    events.jsonl: see edge::promotions
//!   cache/                what workers keep from run to run
//!   index.db              see edge::ledger
//! ```

mod atomic;
mod error;

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use model::{evidence::RunId, rollout::PromotionId};

pub(crate) use self::atomic::write_atomically;
pub use self::error::StateError;

/// The folder's name in a project.
pub const FOLDER: &str = ".seaworthy";

/// How often another name is tried when two runs start in the same millisecond with the same random part.
const TRIES: usize = 64;

/// The state folder of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    folder: PathBuf,
}

impl State {
    /// The state folder of a project; it is created, with a `.gitignore` that hides all of it, where it is not there.
    ///
    /// # Errors
    /// It can not be created: a read-only or full file system, or no permission.
    pub fn open(project: &Path) -> Result<Self, StateError> {
        let state = Self { folder: project.join(FOLDER) };
        for folder in [state.runs(), state.cache()] {
            fs::create_dir_all(&folder).map_err(StateError::at("create", &folder))?;
        }
        let ignore = state.folder.join(".gitignore");
        if !ignore.exists() {
            write_atomically(&ignore, b"*\n").map_err(StateError::at("write", &ignore))?;
        }
        Ok(state)
    }

    /// The state folder of a project, if it is there. Nothing is created.
    #[must_use]
    pub fn find(project: &Path) -> Option<Self> {
        let folder = project.join(FOLDER);
        folder.is_dir().then_some(Self { folder })
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where runs stand, one folder each.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// Where promotions stand, one folder each.
    #[must_use]
    pub fn promotions(&self) -> PathBuf {
        self.folder.join("promotions")
    }

    /// What workers keep from run to run.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// The evidence index.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.folder.join("index.db")
    }

    /// The folder of a run; `None` if the name is no run's. Whether it is there is another question.
    #[must_use]
    pub fn run_folder(&self, run: &RunId) -> Option<PathBuf> {
        is_dated_name(&run.0).then(|| self.runs().join(&run.0))
    }

    /// The folder of a promotion; `None` if the name is no promotion's. Whether it is there is another question.
    #[must_use]
    pub fn promotion_folder(&self, promotion: &PromotionId) -> Option<PathBuf> {
        is_dated_name(&promotion.0).then(|| self.promotions().join(&promotion.0))
    }

    /// All runs, by time of start.
    ///
    /// # Errors
    /// The folder of runs can not be read.
    pub fn list_runs(&self) -> Result<Vec<RunId>, StateError> {
        Ok(list(&self.runs())?.into_iter().map(RunId).collect())
    }

    /// All promotions, by time of start.
    ///
    /// # Errors
    /// The folder of promotions can not be read.
    pub fn list_promotions(&self) -> Result<Vec<PromotionId>, StateError> {
        Ok(list(&self.promotions())?.into_iter().map(PromotionId).collect())
    }

    /// Creates the folder of a new run: `<UTC time>-<6 hex digits>`, the first three of which are the milliseconds, so
    /// that names sort by start. No two runs get the same one.
    ///
    /// # Errors
    /// It can not be created.
    pub fn create_run(&self, now: Timestamp) -> Result<(RunId, PathBuf), StateError> {
        let (name, folder) = create_dated(&self.runs(), now, (0..TRIES).map(random))?;
        Ok((RunId(name), folder))
    }

    /// Creates the folder of a new promotion, with a name as runs have them. It is later than every other one's, whatever the clock
    /// says now: which promotion is the last one must not depend on a clock that was set back.
    ///
    /// # Errors
    /// It can not be created.
    pub fn create_promotion(&self, now: Timestamp) -> Result<(PromotionId, PathBuf), StateError> {
        let promotions = self.promotions();
        fs::create_dir_all(&promotions).map_err(StateError::at("create", &promotions))?;
        let (name, folder) =
            create_dated(&promotions, after(&list(&promotions)?, now), (0..TRIES).map(random))?;
        Ok((PromotionId(name), folder))
    }
}

/// The dated names in a folder, sorted. There are none where it is not there.
fn list(folder: &Path) -> Result<Vec<String>, StateError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StateError::at("read", folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(StateError::at("read", folder))?.file_name();
        names.extend(name.into_string().ok().filter(|name| is_dated_name(name)));
    }
    names.sort_unstable();
    Ok(names)
}

/// Now, or the first moment whose names sort after all of these.
fn after(names: &[String], now: Timestamp) -> Timestamp {
    let next = names.last().and_then(|name| {
        let (time, rest) = name.split_once('-')?;
        let second = DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?.to_zoned(TimeZone::UTC).ok()?;
        let millis = i64::from_str_radix(rest.get(..3)?, 16).ok()?;
        second.timestamp().checked_add(SignedDuration::from_millis(millis + 1)).ok()
    });
    next.map_or(now, |next| next.max(now))
}

fn create_dated(
    parent: &Path,
    now: Timestamp,
    randoms: impl Iterator<Item = u64>,
) -> Result<(String, PathBuf), StateError> {
    let now = now.to_zoned(TimeZone::UTC);
    let (time, millis) = (now.strftime("%Y%m%dT%H%M%SZ").to_string(), now.millisecond());
    for random in randoms {
        let name = format!("{time}-{millis:03x}{random:03x}");
        let folder = parent.join(&name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok((name, folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StateError::at("create", &folder)(error)),
        }
    }
    Err(StateError::at("create", parent)(io::ErrorKind::AlreadyExists.into()))
}

/// 12 random bits. The standard library seeds each `RandomState` from the operating system.
fn random(attempt: usize) -> u64 {
    RandomState::new().hash_one(attempt) & 0xfff
}

/// Whether a text is `20261120T110812Z-0a1b2c`: in particular, it is one plain segment of a path.
fn is_dated_name(name: &str) -> bool {
    let shape = b"dddddddd\x54dddddd\x5a-hhhhhh";
    name.len() == shape.len()
        && name.bytes().zip(shape).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'h' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            literal => byte == *literal,
        })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests look behind the state folder's back")]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, State) {
        let project = tempfile::tempdir().unwrap();
        let state = State::open(project.path()).unwrap();
        (project, state)
    }

    #[test]
    fn the_folder_hides_itself_from_git() {
        let (project, state) = state();
        assert_eq!(fs::read(project.path().join(".seaworthy/.gitignore")).unwrap(), b"*\n");
        fs::write(state.folder().join(".gitignore"), "own").unwrap();
        State::open(project.path()).unwrap();
        assert_eq!(fs::read(project.path().join(".seaworthy/.gitignore")).unwrap(), b"own");
    }

    #[test]
    fn git_itself_sees_nothing() {
        let (project, state) = state();
        state.create_run(Timestamp::UNIX_EPOCH).unwrap();
        fs::write(state.index(), "x").unwrap();
        let git = |arguments: &[&str]| {
            let mut command = std::process::Command::new("git");
            let output = command
                .args(arguments)
                .current_dir(&project)
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .output();
            output.expect("git runs").stdout
        };
        git(&["init", "--quiet"]);
        assert_eq!(git(&["status", "--porcelain"]), b"");
        fs::remove_file(state.folder().join(".gitignore")).unwrap();
        assert_eq!(git(&["status", "--porcelain"]), b"?? .seaworthy/\n", "git would see it");
    }

    #[test]
    fn runs_sort_by_time_and_foreign_folders_are_none() {
        let (_project, state) = state();
        let late = state.create_run("2026-11-20T11:08:12.9Z".parse().unwrap()).unwrap().0;
        let within = state.create_run("2026-11-20T11:08:12.101Z".parse().unwrap()).unwrap().0;
        let early = state.create_run("2026-11-20T11:08:11Z".parse().unwrap()).unwrap().0;
        fs::create_dir(state.runs().join("notes")).unwrap();
        assert!(late.0.starts_with("20261120T110812Z-"), "{late}");
        assert_eq!(state.list_runs().unwrap(), [early, within, late]);
    }

    #[test]
    fn runs_at_once_with_the_same_random_part_differ() {
        let (_project, state) = state();
        let start = || (0..50).map(|_| create_dated(&state.runs(), Timestamp::UNIX_EPOCH, 0..200).unwrap().0);
        let mut runs = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| start().collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        runs.sort_unstable();
        let expected: Vec<String> = (0..200).map(|number| format!("19700101T000000Z-{number:06x}")).collect();
        assert_eq!(runs, expected);
        assert!(create_dated(&state.runs(), Timestamp::UNIX_EPOCH, 0..200).is_err(), "no name is left");
        assert!(state.create_run(Timestamp::UNIX_EPOCH).is_ok());
    }

    #[test]
    fn a_name_that_is_no_runs_leads_nowhere() {
        let (_project, state) = state();
        let folder = |name: &str| state.run_folder(&RunId(name.to_owned()));
        assert!(folder("20261120T110812Z-0a1b2c").is_some());
        for name in ["", "..", "20261120T110812Z-0a1b2", "20261120T110812Z-0a1b2/", "20261120t110812Z-0a1b2c"]
        {
            assert_eq!(folder(name), None, "{name}");
        }
    }

    #[test]
    fn a_project_that_is_a_file_says_what_could_not_be_created() {
        let (project, _state) = state();
        let file = project.path().join("flake.nix");
        fs::write(&file, "").unwrap();
        let error = State::open(&file).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot create {}", file.join(".seaworthy/runs").display()));
    }

    #[test]
    fn where_there_is_none_none_is_found() {
        let project = tempfile::tempdir().unwrap();
        assert_eq!(State::find(project.path()), None);
        assert_eq!(fs::read_dir(project.path()).unwrap().count(), 0);
    }
}
