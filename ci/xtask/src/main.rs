//! The repository's own chores, run as `cargo xtask <chore>`.
//!
//! In: the name of a chore. Out: what it found, one problem a line, and exit code 0 (nothing), 1 (problems) or 2 (the
//! chore could not run). It must not know any crate of the product: it looks at them from outside.

mod tidy;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask tidy\n\n  tidy    check the repository's own rules: arrows, lengths, names, openings, lints, bad cases";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => report(tidy::check(repository())),
        ["--help" | "-h" | "help"] => {
            say(USAGE);
            ExitCode::SUCCESS
        }
        _ => {
            complain(USAGE);
            ExitCode::from(2)
        }
    }
}

/// The repository's root, fixed when this program was compiled: `cargo xtask` always compiles it in place.
fn repository() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

fn report(outcome: Result<Vec<tidy::Problem>, tidy::GatherError>) -> ExitCode {
    match outcome {
        Ok(problems) if problems.is_empty() => {
            say("tidy: nothing to report");
            ExitCode::SUCCESS
        }
        Ok(problems) => {
            problems.iter().for_each(|problem| say(&problem.to_string()));
            complain(&format!("tidy: {} to mend", problems.len()));
            ExitCode::FAILURE
        }
        Err(error) => {
            let mut cause: Option<&dyn Error> = Some(&error);
            while let Some(fact) = cause {
                complain(&format!("tidy: {fact}"));
                cause = fact.source();
            }
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "the one place that prints results")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "the one place that prints complaints")]
fn complain(line: &str) {
    eprintln!("{line}");
}
