//! Evidence in a git ref of the fleet's repository, by the system's git.
//!
//! Flows in: envelopes, the name of a remote. Flows out: a commit on the remote's `refs/seaworthy/evidence`; the files of it.
//! Must not: touch the work tree, the index, a branch, or what stands in the ref already, but for a file that is not what it is called.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, time::Duration};

use model::digest::Digest;

use crate::process::{CaptureError, Captured, Program, Spawner};

/// The ref, here and there.
pub const REF: &str = "refs/seaworthy/evidence";

/// Fetching and pushing wait for a network.
const LIMIT: Duration = Duration::from_secs(300);
/// An envelope, and more.
const MOST: usize = 64 << 20;
/// How often a push is tried again because somebody else pushed in between.
const TRIES: usize = 5;

/// The fleet's repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// git's path.
    pub git: PathBuf,
    /// A folder in the repository.
    pub folder: PathBuf,
    /// All that git sees.
    pub environment: BTreeMap<OsString, OsString>,
    /// Starts it.
    pub spawner: Spawner,
}

/// git did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It cannot be run.
    #[error(transparent)]
    NotRun(#[from] CaptureError),
    /// It said no.
    #[error("git {doing} failed: {said}")]
    Refused {
        /// Its command.
        doing: String,
        /// Its last words.
        said: String,
    },
    /// Others pushed each time.
    #[error("others pushed evidence {TRIES} times meanwhile")]
    Crowded,
}

impl Repository {
    /// Adds envelopes to the remote's ref, on top of what is there. Says how many were not there yet.
    ///
    /// # Errors
    /// git did not do it.
    pub async fn push(&self, remote: &str, envelopes: &[Vec<u8>]) -> Result<usize, GitError> {
        for _ in 0..TRIES {
            let before = self.fetch(remote).await?;
            let mut entries = match &before {
                Some(_) => self.entries().await?,
                None => Vec::new(),
            };
            let mut new = 0;
            for bytes in envelopes {
                let name = format!("{}.json", Digest::of(bytes).hex());
                let blob = self.git(&["hash-object", "-w", "--stdin"], Some(bytes)).await?;
                let entry = format!("100644 blob {}\t{name}", blob.trim());
                if entries.contains(&entry) {
                    continue;
                }
                // What somebody changed under this name counts for nobody, and makes room.
                entries.retain(|line| !is_named(line, &name));
                entries.push(entry);
                new += 1;
            }
            if new == 0 || self.offer(remote, &entries.join("\n"), before.as_deref()).await? {
                return Ok(new);
            }
        }
        Err(GitError::Crowded)
    }

    /// Fetches the remote's ref; each file of it with its name.
    ///
    /// # Errors
    /// git did not do it.
    pub async fn pull(&self, remote: &str) -> Result<Vec<(String, Vec<u8>)>, GitError> {
        if self.fetch(remote).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in self.entries().await? {
            // A folder, which only somebody else puts there, holds no evidence.
            let Some((object, name)) = entry.strip_prefix("100644 blob ").and_then(|it| it.split_once('\t'))
            else {
                continue;
            };
            let captured = self.run(&["cat-file", "blob", object], None).await?;
            files.push((name.to_owned(), captured.stdout));
        }
        Ok(files)
    }

    /// What stands in the ref, as git lists it and takes it.
    async fn entries(&self) -> Result<Vec<String>, GitError> {
        let listed = self.git(&["ls-tree", "--full-tree", REF], None).await?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    /// The remote's commit, which the ref is set to here as well.
    async fn fetch(&self, remote: &str) -> Result<Option<String>, GitError> {
        let listed = self.git(&["ls-remote", "--", remote, REF], None).await?;
        let Some(commit) = listed.split_whitespace().next() else { return Ok(None) };
        self.git(&["fetch", "--quiet", "--no-tags", "--", remote, &format!("+{REF}:{REF}")], None).await?;
        Ok(Some(commit.to_owned()))
    }

    /// Commits a tree on top of what was there, and pushes it; says whether nobody else had.
    async fn offer(&self, remote: &str, entries: &str, before: Option<&str>) -> Result<bool, GitError> {
        let tree = self.git(&["mktree"], Some(entries.as_bytes())).await?;
        let mut arguments = vec!["commit-tree", tree.trim(), "-m", "evidence"];
        arguments.extend(before.into_iter().flat_map(|before| ["-p", before]));
        let commit = self.git(&arguments, None).await?;
        let commit = commit.trim();
        let lease = format!("--force-with-lease={REF}:{}", before.unwrap_or_default());
        let pushed =
            self.run(&["push", "--quiet", &lease, "--", remote, &format!("{commit}:{REF}")], None).await;
        match pushed {
            Ok(_) => {
                self.git(&["update-ref", REF, commit], None).await?;
                Ok(true)
            }
            Err(GitError::Refused { said, .. }) if is_late(&said) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn git(&self, arguments: &[&str], input: Option<&[u8]>) -> Result<String, GitError> {
        let captured = self.run(arguments, input).await?;
        Ok(String::from_utf8_lossy(&captured.stdout).into_owned())
    }

    async fn run(&self, arguments: &[&str], input: Option<&[u8]>) -> Result<Captured, GitError> {
        let mut environment = self.environment.clone();
        let who = [("GIT_AUTHOR_NAME", "seaworthy"), ("GIT_COMMITTER_NAME", "seaworthy")];
        let mail =
            [("GIT_AUTHOR_EMAIL", "seaworthy@localhost"), ("GIT_COMMITTER_EMAIL", "seaworthy@localhost")];
        let quiet = [("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")];
        for (name, value) in who.into_iter().chain(mail).chain(quiet) {
            environment.insert(name.into(), value.into());
        }
        let program = Program {
            path: self.git.clone(),
            arguments: arguments.iter().map(OsString::from).collect(),
            environment,
            folder: self.folder.clone(),
            memory: None,
        };
        let captured = self.spawner.answer(&program, input, LIMIT, MOST).await?;
        if captured.status.success() {
            return Ok(captured);
        }
        let said = String::from_utf8_lossy(&captured.stderr);
        let doing = arguments.first().copied().unwrap_or_default().to_owned();
        Err(GitError::Refused { doing, said: said.trim().to_owned() })
    }
}

fn is_named(entry: &str, name: &str) -> bool {
    entry.split_once('\t').is_some_and(|(_, of)| of == name)
}

/// Whether a push was refused because somebody else had pushed.
fn is_late(said: &str) -> bool {
    ["stale info", "fetch first", "non-fast-forward", "cannot lock ref", "already exists"]
        .iter()
        .any(|sentence| said.contains(sentence))
}
