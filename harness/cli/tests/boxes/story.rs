//! The manual's story of a migration: its command lines as they stand there, and what they print.
//!
//! Flows in: README.md. Flows out: each line run in turn, and its output held to what the manual shows. Must not: know a command by
//! itself.

use std::{fs, path::Path};

use crate::harbour::{Harbour, MACHINES};

/// A command, and what it is said to print: whole lines or their beginnings, in order, with `..` for what is left out.
struct Typed {
    line: String,
    prints: Vec<String>,
}

pub(crate) fn told(harbour: Harbour) {
    MACHINES.iter().for_each(|machine| harbour.change(machine, "2", ""));
    let story = story();
    assert!(story.len() > 6, "the manual tells a story");
    for Typed { line, prints } in story {
        let (code, said) = harbour.start(&line).ends();
        assert!(matches!(code, Some(0 | 4)), "{line}: {code:?}\n{said}");
        follows(&line, &prints, &said);
    }
    assert_eq!(harbour.versions(), ["2", "1", "2", "2"], "as the story ends");
}

/// What stands in the manual under its heading, with four blanks before it.
fn story() -> Vec<Typed> {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let (_, section) = manual.split_once("\n## From proof to machines\n").expect("the manual's section");
    let section = section.split("\n## ").next().unwrap();
    let (section, _) = section.split_once("\n**Proven there").expect("the end of the story");
    let mut story: Vec<Typed> = Vec::new();
    for line in section.lines().filter_map(|line| line.strip_prefix("    ")) {
        match (line.strip_prefix("$ "), story.last_mut()) {
            (Some(command), _) => story.push(Typed { line: command.to_owned(), prints: Vec::new() }),
            (None, Some(typed)) => typed.prints.push(line.to_owned()),
            (None, None) => panic!("what prints `{line}`?"),
        }
    }
    story
}

/// Each line follows the one before it, at once where nothing is left out between them.
fn follows(command: &str, prints: &[String], said: &str) {
    let mut rest = said.lines().map(stable).filter(|line| !line.is_empty());
    let mut left_out = false;
    for expected in prints {
        if expected == ".." {
            left_out = true;
            continue;
        }
        let wanted = stable(expected);
        let found = if left_out { rest.find(|line| line.starts_with(&wanted)) } else { rest.next() };
        let found = found.unwrap_or_default();
        assert!(
            found.starts_with(&wanted),
            "{command}: `{expected}` is not there, but `{found}`, in\n{said}"
        );
        left_out = false;
    }
}

/// Without what is another each time: times, what is left of them, names of promotions, and the hashes of store paths.
fn stable(line: &str) -> String {
    let word = |word: &str| match word {
        _ if word.starts_with("20") && word.ends_with('Z') => "TIME".to_owned(),
        _ if word.starts_with("20") && word.contains("Z-") => "PROMOTION".to_owned(),
        _ => match word.split_once('-') {
            Some((hash, name)) if hash.len() == 8 && name.starts_with("nixos-system") => name.to_owned(),
            _ => word.to_owned(),
        },
    };
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}
