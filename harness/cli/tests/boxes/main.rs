//! The binary against machines: boxes of a lab, which run systemd, a real sshd and a nix store of their own, and are reached as any
//! machine of a user's fleet is. The manual's story is one of these tests.
//!
//! They need root on Linux, systemd, nix, and what labs are made of: elsewhere they are ignored by name, and say so.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files"),
    expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")
)]

#[cfg(target_os = "linux")]
mod harbour;
#[cfg(target_os = "linux")]
mod promotions;
#[cfg(target_os = "linux")]
#[path = "../../../edge/tests/deploy/shown.rs"]
mod shown;
#[cfg(target_os = "linux")]
mod story;

#[cfg(target_os = "linux")]
mod linux {
    use std::{env, process::ExitCode};

    use lab::{tools, tools::Tools, topology::Overlay};
    use libtest_mimic::{Arguments, Trial};

    use crate::{harbour::Harbour, promotions, story};

    #[expect(clippy::print_stderr, reason = "who runs the tests sees why they are ignored")]
    pub(crate) fn main() -> ExitCode {
        let missing = missing();
        if let Some(missing) = &missing {
            eprintln!("no boxes are deployed to: {missing}");
        }
        let trials = [
            ("the_manuals_story_of_a_migration_as_it_is_written", story::told as fn(Harbour)),
            ("waves_people_failures_and_ways_back", promotions::carried),
            ("one_that_never_answered_is_told_and_taken_along_later", promotions::caught_up),
        ];
        let trials = trials.map(|(name, test)| {
            let test = move || {
                test(Harbour::open());
                Ok(())
            };
            Trial::test(name, test).with_ignored_flag(missing.is_some())
        });
        libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
    }

    fn missing() -> Option<String> {
        let path = env::var_os("PATH").unwrap_or_default();
        let tools = Tools::find(&path, Overlay::None).and_then(|_| tools::for_boxes());
        let nix = || env::var_os("SEAWORTHY_NIX").is_none().then(|| "SEAWORTHY_NIX is not set".to_owned());
        tools.err().map(|missing| missing.to_string()).or_else(nix)
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
