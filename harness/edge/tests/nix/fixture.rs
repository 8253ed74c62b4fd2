//! What the tests of the Nix edge share: a real nix, and flakes in temporary folders.
//!
//! Flows in: text of Nix. Flows out: evaluators of it. Must not: skip a test where there is no nix; it fails and says so.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use edge::{
    nix::{
        binary::Nix,
        fault::NixFault,
        pool::{Evaluators, Limits},
        unit::{Failure, Outcome},
    },
    process::Spawner,
};
use model::fleet::TreeRef;
use tempfile::TempDir;

/// A project in a folder of its own.
pub(crate) struct Project {
    // The project, and beside it a home that nothing else uses.
    root: TempDir,
}

impl Project {
    /// With one file.
    pub(crate) fn with(file: &str, text: &str) -> Self {
        let project = Self { root: TempDir::with_prefix("seaworthy-test-").unwrap() };
        project.write(file, text);
        project
    }

    /// A flake with these outputs.
    pub(crate) fn flake(outputs: &str) -> Self {
        Self::with("flake.nix", &format!("{{\n  outputs = {{ self }}: {outputs};\n}}\n"))
    }

    /// A flake whose output `tests` is this.
    pub(crate) fn tests(tests: &str) -> Self {
        Self::flake(&format!("{{ tests = {tests}; }}"))
    }

    pub(crate) fn with_file(self, file: &str, text: &str) -> Self {
        self.write(file, text);
        self
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.root.path().join("project")
    }

    pub(crate) async fn nix(&self) -> Nix {
        Nix::find(&binary(), &environment(self.root.path()), &Spawner::new()).await.unwrap()
    }

    pub(crate) async fn pool(&self) -> Evaluators {
        self.pool_with(limits()).await
    }

    pub(crate) async fn pool_with(&self, limits: Limits) -> Evaluators {
        Evaluators::new(self.nix().await, &self.path(), limits)
    }

    /// Judges every test of the output `tests`, each within ten seconds.
    pub(crate) async fn judge(&self) -> Judged {
        judge_all(&self.pool().await, &tests(), Duration::from_secs(10)).await
    }
}

/// The output `tests`.
pub(crate) fn tests() -> TreeRef {
    TreeRef::Flake { attribute: vec!["tests".to_owned()] }
}

pub(crate) fn file(path: &str) -> TreeRef {
    TreeRef::File { path: path.to_owned() }
}

pub(crate) fn limits() -> Limits {
    Limits { question: Duration::from_secs(10), ..Limits::of_machine() }
}

/// Where nix is on this machine.
pub(crate) fn binary() -> PathBuf {
    let stated = std::env::var_os("SEAWORTHY_NIX").map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("nix")).find(|nix| nix.is_file())
    };
    let cache = || {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let cache =
            std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home.map(|home| home.join(".cache")));
        cache.map(|cache| cache.join("seaworthy/bin/nix")).filter(|nix| nix.is_file())
    };
    match stated.or_else(on_path).or_else(cache) {
        Some(nix) => nix,
        None => panic!("these tests need a nix: run `ci/run nix`, or set SEAWORTHY_NIX"),
    }
}

/// The environment of these tests, with a home of its own.
pub(crate) fn environment(home: &Path) -> BTreeMap<OsString, OsString> {
    let mut environment: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    environment.insert("HOME".into(), home.into());
    environment.insert("XDG_CACHE_HOME".into(), home.join("cache").into());
    environment
}

/// A script that stands in for nix; `$NIX` is the real one, `$1` the command.
pub(crate) struct Fake {
    folder: TempDir,
}

impl Fake {
    pub(crate) fn new(script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = TempDir::with_prefix("seaworthy-fake-").unwrap();
        let path = folder.path().join("nix");
        let text = format!(
            "#!/bin/sh\nNIX='{}'\nMARK='{}'\n{script}\n",
            binary().display(),
            folder.path().join("mark").display()
        );
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("nix")
    }

    /// Whether the script left its mark, `touch "$MARK"`.
    pub(crate) fn mark(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("mark")).ok()
    }

    pub(crate) async fn find(&self) -> Result<Nix, NixFault> {
        Nix::find(&self.path(), &environment(self.folder.path()), &Spawner::new()).await
    }

    pub(crate) async fn pool(&self, project: &Project, limits: Limits) -> Evaluators {
        Evaluators::new(self.find().await.unwrap(), &project.path(), limits)
    }
}

/// The outcomes of all tests of a tree, by path as nix-unit prints it.
#[derive(Debug)]
pub(crate) struct Judged(pub(crate) BTreeMap<String, Outcome>);

pub(crate) async fn judge_all(pool: &Evaluators, tree: &TreeRef, limit: Duration) -> Judged {
    let walked = pool.walk(tree, Duration::from_secs(20)).await.unwrap();
    judge(pool, tree, &walked.tests, limit).await
}

pub(crate) async fn judge(
    pool: &Evaluators,
    tree: &TreeRef,
    paths: &[Vec<String>],
    limit: Duration,
) -> Judged {
    let outcomes = Arc::new(Mutex::new(BTreeMap::new()));
    let mut on = |index: usize, outcome, _took| {
        let earlier = outcomes.lock().unwrap().insert(paths[index].join("."), outcome);
        assert_eq!(earlier, None, "{:?} was judged twice", paths[index]);
    };
    pool.judge(tree, paths, limit, &mut on).await;
    let outcomes = outcomes.lock().unwrap().clone();
    assert_eq!(outcomes.len(), paths.len(), "every test has an outcome");
    Judged(outcomes)
}

impl Judged {
    #[track_caller]
    pub(crate) fn outcome(&self, path: &str) -> &Outcome {
        self.0.get(path).unwrap_or_else(|| panic!("no test {path} in {:?}", self.0.keys()))
    }

    #[track_caller]
    pub(crate) fn passes(&self, path: &str) {
        assert_eq!(self.outcome(path), &Outcome::Pass, "{path}");
    }

    #[track_caller]
    pub(crate) fn failure(&self, path: &str) -> &Failure {
        match self.outcome(path) {
            Outcome::Fail(failures) => failures.first().unwrap(),
            other => panic!("{path} does not fail: {other:?}"),
        }
    }

    /// It fails with a message that begins so.
    #[track_caller]
    pub(crate) fn fails(&self, path: &str, message: &str) -> &Failure {
        let failure = self.failure(path);
        assert!(failure.message.starts_with(message), "{path} says {:?}, not {message:?}", failure.message);
        failure
    }
}
