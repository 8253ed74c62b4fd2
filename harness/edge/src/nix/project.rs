//! The user's project, as the evaluator names its files.
//!
//! Flows in: the project's folder, and positions in the store. Flows out: paths relative to the folder.
//! Must not: evaluate anything.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use model::{place::Place, survey::NixError};
use serde_json::Value;

use super::{
    answer::{Answer, End},
    binary::Nix,
    class::class,
    complaint::{Complaint, Frame, Spot},
    fault::NixFault,
    repl::COMMON,
};

/// Where the user's files are, and where nix has its copy of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    folder: PathBuf,
    // The folder that nix copies: the top of the git repository, where there is one.
    root: PathBuf,
    // The copy: `/nix/store/...-source`.
    copy: Option<String>,
    // The flake, for nix.
    reference: String,
    // What nix took for the flake's inputs, as a lock file would say it.
    locks: Option<Value>,
}

/// More lines of a trace than this are not read by anyone.
const MOST_TRACE: usize = 24;

impl Project {
    /// The project in a folder.
    ///
    /// # Errors
    /// When the folder does not exist.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        let root =
            folder.ancestors().find(|ancestor| ancestor.join(".git").exists()).unwrap_or(&folder).to_owned();
        Ok(Self { folder, root, copy: None, reference: ".".to_owned(), locks: None })
    }

    /// The project's folder, absolute and without links.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The project's folder as nix sees it: in its copy of the sources, where there is one.
    pub(crate) fn copied(&self) -> Option<PathBuf> {
        Some(Path::new(self.copy.as_ref()?).join(self.folder.strip_prefix(&self.root).ok()?))
    }

    /// How the flake is named to nix, in the project's folder.
    pub(crate) fn reference(&self) -> &str {
        &self.reference
    }

    /// What nix took for the flake's inputs, as a lock file would say it; `None` where it does not tell.
    pub(crate) fn locks(&self) -> Option<&Value> {
        self.locks.as_ref()
    }

    /// Takes in where nix has its copy of the sources.
    ///
    /// In a git repository nix copies what is tracked. Any other folder is copied as a whole, by each nix anew, and would
    /// not be the same from one to the next while anything is written below it. There the copy is what is evaluated.
    fn set_copy(&mut self, metadata: &Metadata) {
        let Metadata { path, locked: Locked { kind, nar_hash, last_modified }, .. } = metadata;
        self.copy = Some(path.trim_end_matches('/').to_owned());
        if kind == "path" {
            let hash = nar_hash.replace('+', "%2B").replace('=', "%3D");
            self.reference = format!("path:{path}?lastModified={last_modified}&narHash={hash}");
        }
    }

    /// The path, relative to the project's folder, of one of the user's files that the evaluator names.
    fn relative(&self, file: &str) -> Option<String> {
        let in_root = match &self.copy {
            Some(copy) if file.starts_with(copy.as_str()) => {
                self.root.join(file.get(copy.len()..)?.strip_prefix('/')?)
            }
            // Newer nix names what it has not copied by where it comes from.
            None if file.starts_with("/nix/store/") => self.root.join(self.in_unknown_copy(file)?),
            _ if file.starts_with('«') => {
                let (origin, path) = file.split_once('»')?;
                let root = self.root.to_str()?;
                let is_ours = origin.contains(&format!("//{root}")) || origin.contains(&format!(":{root}"));
                is_ours.then(|| self.root.join(path.trim_start_matches('/')))?
            }
            _ => PathBuf::from(file),
        };
        in_root.strip_prefix(&self.root).ok()?;
        // Up to the nearest folder around both, and down again.
        let mut around = self.folder.ancestors().enumerate();
        let (up, below) = around.find_map(|(up, folder)| Some((up, in_root.strip_prefix(folder).ok()?)))?;
        let relative: PathBuf = std::iter::repeat_n("..", up).collect::<PathBuf>().join(below);
        relative.to_str().map(str::to_owned)
    }

    /// The path within a copy of the sources, where it is not known which copy is ours: a flake that cannot be read was
    /// never told about. Only a file that the user has at the same place counts.
    fn in_unknown_copy<'a>(&self, file: &'a str) -> Option<&'a str> {
        let (copy, path) = file.strip_prefix("/nix/store/")?.split_once('/')?;
        (copy.ends_with("-source") && self.root.join(path).is_file()).then_some(path)
    }

    /// The place of a position, if it is in one of the user's files.
    pub(crate) fn place(&self, spot: &Spot) -> Option<Place> {
        self.relative(&spot.file).map(|file| Place::new(file, spot.line, spot.column))
    }

    /// An error for the user: its position is the innermost one in the user's own files, or failing that, its own.
    pub(crate) fn error(&self, complaint: &Complaint, class: &str) -> NixError {
        let spots =
            || complaint.at.iter().chain(complaint.frames.iter().filter_map(|frame| frame.at.as_ref()));
        let ours = spots().find_map(|spot| self.place(spot));
        let known = |spot: &&Spot| !spot.file.starts_with('«');
        let place = ours.or_else(|| {
            let spot = spots().find(known)?;
            Some(Place::new(spot.file.clone(), spot.line, spot.column))
        });
        NixError {
            class: class.to_owned(),
            message: complaint.message.clone(),
            line: place.as_ref().map(|place| place.line),
            column: place.as_ref().map(|place| place.column),
            file: place.map(|place| place.file),
            trace: self.trace(complaint),
        }
    }

    /// The error that an answer is, which was to be given within `limit`.
    ///
    /// # Errors
    /// When the evaluator died, and not over what it was asked.
    pub(crate) fn error_of(&self, answer: &Answer, limit: Duration) -> Result<NixError, NixFault> {
        let own = |class: &str, message: String| NixError {
            class: class.to_owned(),
            message,
            ..NixError::default()
        };
        match &answer.end {
            End::Error(complaint) => Ok(self.error(complaint, class(complaint, answer.caught()))),
            End::Late => Ok(own("Timeout", format!("no answer within {} s", limit.as_secs()))),
            End::Done(kind, _) => {
                Ok(own("Error", format!("the evaluator gave an answer of an unknown kind, `{kind}`")))
            }
            End::Died(death) => match death.of_test() {
                Some((class, what)) => {
                    Ok(NixError { trace: death.words.clone(), ..own(class, what.to_owned()) })
                }
                None => Err(NixFault::of_death(death)),
            },
        }
    }

    /// The frames, innermost last, without those of our own requests and of nix's own code.
    fn trace(&self, complaint: &Complaint) -> Vec<String> {
        const OTHERS: [&str; 3] = ["«string»", "«none»", "«flakes-internal»"];
        let of_user = |frame: &&Frame| {
            frame.at.as_ref().is_none_or(|at| !OTHERS.iter().any(|other| at.file.starts_with(other)))
        };
        let mut lines: Vec<String> =
            complaint.frames.iter().filter(of_user).take(MOST_TRACE).map(|frame| self.line(frame)).collect();
        lines.reverse();
        lines.dedup();
        lines
    }

    fn line(&self, frame: &Frame) -> String {
        let Some(at) = &frame.at else { return frame.text.clone() };
        let file = self.relative(&at.file).unwrap_or_else(|| at.file.clone());
        format!("{}, at {file}:{}:{}", frame.text, at.line, at.column)
    }
}

/// What `nix flake metadata --json` tells, as far as it concerns us.
#[derive(serde::Deserialize)]
struct Metadata {
    path: String,
    locked: Locked,
    locks: Option<Value>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Locked {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    nar_hash: String,
    #[serde(default)]
    last_modified: u64,
}

/// How long copying the sources may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The project of a pool of evaluators, with nix's copy of it, where there is a flake that can be read.
pub(crate) async fn locate(nix: &Nix, folder: &Path) -> Result<Project, NixFault> {
    let mut project = Project::open(folder).map_err(|_| NixFault::NoFlake { folder: folder.to_owned() })?;
    let mut arguments = vec!["flake", "metadata", "--json", "."];
    arguments.extend(nix.features());
    arguments.extend(COMMON);
    let captured = nix.spawner().capture(&nix.program(folder, arguments, None), LIMIT, 4 << 20).await;
    if let Ok(captured) = captured
        && let Ok(metadata) = serde_json::from_slice::<Metadata>(&captured.stdout)
    {
        project.set_copy(&metadata);
        project.locks = metadata.locks;
    }
    Ok(project)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(folder: &str, root: &str) -> Project {
        let (copy, reference) = (Some("/nix/store/abc-source".to_owned()), ".".to_owned());
        Project { folder: folder.into(), root: root.into(), copy, reference, locks: None }
    }

    #[track_caller]
    fn check(project: &Project, file: &str, expected: Option<&str>) {
        assert_eq!(project.relative(file).as_deref(), expected, "{file}");
    }

    #[test]
    fn files_of_the_copy_are_the_users_files() {
        let whole = project("/home/me/fleet", "/home/me/fleet");
        check(&whole, "/nix/store/abc-source/lib/a.nix", Some("lib/a.nix"));
        check(&whole, "/home/me/fleet/lib/a.nix", Some("lib/a.nix"));
        check(&whole, "«git+file:///home/me/fleet»/a.nix", Some("a.nix"));
        check(&whole, "«path:/home/me/fleet»/a.nix", Some("a.nix"));
        check(&whole, "/nix/store/other-source/lib/a.nix", None);
        check(&whole, "/nix/store/abc-source-more/a.nix", None);
        check(&whole, "«string»", None);
        check(&whole, "«github:a/b»/a.nix", None);
        check(&whole, "", None);
    }

    #[test]
    fn the_folder_has_its_place_in_the_copy() {
        let copied = |folder| project(folder, "/home/me/repo").copied();
        assert_eq!(copied("/home/me/repo"), Some("/nix/store/abc-source".into()));
        assert_eq!(copied("/home/me/repo/infra/fleet"), Some("/nix/store/abc-source/infra/fleet".into()));
    }

    #[test]
    fn what_is_no_repository_is_evaluated_from_its_copy() {
        let reference = |kind: &str| {
            let mut project = project("/home/me/fleet", "/home/me/fleet");
            let locked =
                Locked { kind: kind.to_owned(), nar_hash: "sha256-a+b/c=".to_owned(), last_modified: 7 };
            project.set_copy(&Metadata { path: "/nix/store/abc-source".to_owned(), locked, locks: None });
            project.reference
        };
        assert_eq!(reference("path"), "path:/nix/store/abc-source?lastModified=7&narHash=sha256-a%2Bb/c%3D");
        assert_eq!(reference("git"), ".");
    }

    #[test]
    fn a_flake_below_the_top_of_its_repository_sees_files_above() {
        let below = project("/home/me/repo/infra/fleet", "/home/me/repo");
        check(&below, "/nix/store/abc-source/infra/fleet/a.nix", Some("a.nix"));
        check(&below, "/nix/store/abc-source/lib/a.nix", Some("../../lib/a.nix"));
    }

    #[test]
    fn an_error_is_placed_at_the_innermost_of_the_users_positions() {
        let project = project("/home/me/fleet", "/home/me/fleet");
        let frame = |text: &str, at: &str| Frame { text: text.to_owned(), at: Spot::of_name(at) };
        let complaint = Complaint {
            message: "no".to_owned(),
            at: Spot::of_name("/nix/store/nixpkgs-source/lib/b.nix:9:9"),
            frames: vec![
                frame("inner", "/nix/store/nixpkgs-source/lib/c.nix:8:8"),
                frame("the user's", "/nix/store/abc-source/a.nix:1:2"),
                frame("outer", "/nix/store/abc-source/flake.nix:3:4"),
                frame("ours", "«string»:1:1"),
                frame("nix's", "«flakes-internal»/call-flake.nix:1:1"),
            ],
        };
        let error = project.error(&complaint, "EvalError");
        assert_eq!((error.file.as_deref(), error.line, error.column), (Some("a.nix"), Some(1), Some(2)));
        assert_eq!(
            error.trace,
            [
                "outer, at flake.nix:3:4",
                "the user's, at a.nix:1:2",
                "inner, at /nix/store/nixpkgs-source/lib/c.nix:8:8"
            ]
        );
    }
}
