//! What is read of a folder, and when its digest changes.

use std::{fs, os::unix::fs::symlink, process::Command, time::UNIX_EPOCH};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        put(folder.path(), path, text);
    }
    folder
}

#[expect(clippy::disallowed_methods, reason = "the test makes the files that are read")]
fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A git repository with these files, all of them committed.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = folder(files);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "all"]);
    folder
}

#[expect(clippy::disallowed_methods, reason = "the test meets the real git")]
fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let done = command.args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn run<T>(future: impl Future<Output = Result<T, TreeError>>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future).unwrap()
}

fn read_now(folder: &Path) -> Read {
    run(read(folder, &[]))
}

fn digest_now(folder: &Path) -> Digest {
    let alone = run(digest(folder));
    assert_eq!(alone, read_now(folder).digest, "both ways to the digest agree");
    alone
}

fn paths(folder: &Path) -> Vec<String> {
    read_now(folder).tree.entries.into_iter().map(|entry| entry.path).collect()
}

#[test]
fn a_folder_is_walked_without_what_tools_made() {
    let folder = folder(&[
        ("flake.nix", "{ }"),
        ("hosts/a.nix", "a"),
        (".seaworthy/runs/1", ""),
        ("target/debug/x", ""),
        ("src/target/kept", ""),
        (".direnv/x", ""),
    ]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    symlink("/nix/store/x", folder.path().join("result")).unwrap();
    symlink("/nix/store/x", folder.path().join("result-man")).unwrap();
    assert_eq!(paths(folder.path()), ["empty", "flake.nix", "hosts/a.nix", "src/target/kept"]);
    let read = read_now(folder.path()).tree;
    assert_eq!(read.get("empty").unwrap().node, Node::Folder);
    assert_eq!(read.get("hosts/a.nix").unwrap().node, Node::File { size: 1, text: Some("a".to_owned()) });
}

#[test]
fn what_is_about_to_be_written_is_no_part_of_a_folder() {
    let folder = folder(&[("flake.nix", "{ }")]);
    fs::create_dir(folder.path().join("out")).unwrap();
    let written = [folder.path().join("out/report.xml"), folder.path().join("summary.md")];
    let before = run(read(folder.path(), &written));
    put(folder.path(), "out/report.xml", "first");
    put(folder.path(), "summary.md", "first");
    assert_eq!(run(read(folder.path(), &written)), before);
    put(folder.path(), "out/other.xml", "first");
    assert_ne!(run(read(folder.path(), &written)).digest, before.digest);
}

#[test]
fn of_a_repository_only_tracked_files_count() {
    let folder = repository(&[("flake.nix", "{ }"), ("vars/a", "1"), (".gitignore", "ignored")]);
    let before = digest_now(folder.path());
    put(folder.path(), "untracked.nix", "");
    put(folder.path(), "ignored", "");
    assert_eq!(paths(folder.path()), [".gitignore", "flake.nix", "vars/a"]);
    assert_eq!(digest_now(folder.path()), before);
    git(folder.path(), &["add", "-N", "untracked.nix"]);
    assert_eq!(paths(folder.path()), [".gitignore", "flake.nix", "untracked.nix", "vars/a"]);
    assert_ne!(digest_now(folder.path()), before);
}

#[test]
fn the_digest_follows_the_content_and_nothing_else() {
    let folder = repository(&[("flake.nix", "{ }"), ("a", "1")]);
    let at_first = digest_now(folder.path());
    put(folder.path(), "a", "2");
    let changed = digest_now(folder.path());
    assert_ne!(changed, at_first);
    git(folder.path(), &["commit", "-q", "-a", "-m", "changed"]);
    assert_eq!(digest_now(folder.path()), changed, "committing changes no content");
    put(folder.path(), "a", "1");
    assert_eq!(digest_now(folder.path()), at_first, "the content is the first one again");
    fs::remove_file(folder.path().join("a")).unwrap();
    let gone = digest_now(folder.path());
    assert!(gone != at_first && gone != changed);
    assert_eq!(paths(folder.path()), ["flake.nix"]);
}

#[test]
fn a_change_that_leaves_size_and_time_as_they_were_is_seen() {
    let folder = repository(&[("a", "1")]);
    let before = digest_now(folder.path());
    let path = folder.path().join("a");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    put(folder.path(), "a", "2");
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert_ne!(digest_now(folder.path()), before);
}

#[test]
fn git_and_a_walk_agree_on_kinds() {
    let folder = repository(&[("a", "1"), ("run", "x")]);
    let before = digest_now(folder.path());
    let program = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(folder.path().join("run"), program).unwrap();
    let runnable = digest_now(folder.path());
    assert_ne!(runnable, before);
    git(folder.path(), &["add", "run"]);
    assert_eq!(digest_now(folder.path()), runnable);
    git(folder.path(), &["update-index", "--index-version", "4"]);
    assert_eq!(digest_now(folder.path()), runnable);
    fs::remove_dir_all(folder.path().join(".git")).unwrap();
    assert_eq!(digest_now(folder.path()), runnable, "the same files without git");
}

#[test]
fn a_project_in_a_folder_of_a_repository_counts_the_whole_repository() {
    let folder = repository(&[("lib.nix", "1"), ("fleet/flake.nix", "{ }"), ("fleet/a/b.nix", "")]);
    let project = folder.path().join("fleet");
    assert_eq!(paths(&project), ["a/b.nix", "flake.nix"]);
    let before = digest_now(&project);
    put(folder.path(), "lib.nix", "2");
    assert_ne!(digest_now(&project), before);
}

#[test]
fn a_work_tree_finds_its_index() {
    let folder = repository(&[("a", "1")]);
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("tree");
    git(folder.path(), &["worktree", "add", "-q", path.to_str().unwrap()]);
    put(&path, "untracked", "");
    assert_eq!(paths(&path), ["a"]);
}

#[test]
fn a_folder_that_git_does_not_track_is_walked() {
    let folder = repository(&[(".gitignore", "scratch"), ("a", "")]);
    put(folder.path(), "scratch/flake.nix", "{ }");
    assert_eq!(paths(&folder.path().join("scratch")), ["flake.nix"]);
}

#[test]
fn a_repository_of_sha256_is_understood() {
    let folder = folder(&[("a", "1")]);
    git(folder.path(), &["init", "-q", "--object-format=sha256"]);
    git(folder.path(), &["add", "."]);
    put(folder.path(), "untracked", "");
    assert_eq!(paths(folder.path()), ["a"]);
}

#[test]
fn odd_files_are_no_failure() {
    let folder = folder(&[("a", "1"), ("vars/secret", "s")]);
    let at = |name: &str| folder.path().join(name);
    symlink("loop", at("loop")).unwrap();
    symlink("a", at("to-a")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR).unwrap();
    let odd_name = std::os::unix::ffi::OsStrExt::from_bytes(b"odd-\xff".as_slice());
    let odd_name: &std::ffi::OsStr = odd_name;
    #[expect(clippy::disallowed_methods, reason = "the test makes the files that are read")]
    fs::write(folder.path().join(odd_name), b"\xff\xfe").unwrap();
    let tree = read_now(folder.path()).tree;
    let node = |path: &str| tree.get(path).map(|entry| entry.node.clone());
    let link = |target: &str, resolves| Some(Node::Link { target: target.to_owned(), resolves });
    assert_eq!(node("loop"), link("loop", false));
    assert_eq!(node("to-a"), link("a", true));
    assert_eq!(node("dangling"), link("nowhere", false));
    assert_eq!(node("pipe"), Some(Node::File { size: 0, text: None }));
    assert_eq!(node("odd-\u{fffd}"), Some(Node::File { size: 2, text: None }));
    digest_now(folder.path());
}

#[test]
fn long_files_have_no_text() {
    let long = "x".repeat((1 << 20) + 1);
    let folder = folder(&[("long.nix", &long), ("short.nix", "x")]);
    let texts: Vec<_> = read_now(folder.path()).tree.texts().map(|(path, _)| path.to_owned()).collect();
    assert_eq!(texts, ["short.nix"]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let answer = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(read(&gone, &[]));
    assert_eq!(answer.unwrap_err().to_string(), format!("{} cannot be read", gone.display()));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test reads what git wrote")]
fn no_damaged_index_makes_a_panic() {
    let folder = repository(&[("flake.nix", "{ }"), ("a/b", "1")]);
    let whole = fs::read(folder.path().join(".git/index")).unwrap();
    assert_eq!(index::parse(&whole, index::Hash::Sha1, UNIX_EPOCH).unwrap().len(), 2);
    for end in 0..whole.len() {
        index::parse(&whole[..end], index::Hash::Sha1, UNIX_EPOCH);
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        index::parse(&damaged, index::Hash::Sha1, UNIX_EPOCH);
        index::parse(&damaged, index::Hash::Sha256, UNIX_EPOCH);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic(version in 0_u8..6, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let index = [b"DIRC\0\0\0".as_slice(), &[version], &[0, 0, 0, 9], &bytes].concat();
        index::parse(&index, index::Hash::Sha1, UNIX_EPOCH);
    }
}
