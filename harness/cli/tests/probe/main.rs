//! Machines of a lab asked through the binary: what is planned, seen, found and recorded. It needs root, what labs are made of, and
//! nix: elsewhere the tests are ignored, and say so.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")
)]

#[cfg(target_os = "linux")]
mod fleet;
#[cfg(target_os = "linux")]
mod tests;

#[cfg(target_os = "linux")]
mod linux {
    use std::{env, process::ExitCode};

    use lab::{tools::Tools, topology::Overlay};
    use libtest_mimic::{Arguments, Failed, Trial};

    use crate::{fleet::Fleet, tests};

    pub(crate) type Test = fn(&Fleet) -> Result<(), Failed>;

    #[expect(clippy::print_stderr, reason = "who runs the tests sees why they are ignored")]
    pub(crate) fn main() -> ExitCode {
        let missing = Tools::find(&env::var_os("PATH").unwrap_or_default(), Overlay::Wireguard).err();
        if let Some(missing) = &missing {
            eprintln!("no lab's machines are asked: {missing}");
        }
        let trials = [
            ("all_is_well_and_recorded", tests::all_is_well as Test),
            ("a_line_that_is_cut_is_blamed_on_its_two_ends", tests::cut),
            ("who_is_offline_is_neither_good_nor_bad", tests::offline),
            ("who_does_not_prove_to_be_itself_is_told_apart", tests::distrusted),
            ("who_has_no_way_to_it_is_named", tests::no_way),
            ("what_makes_no_sense_is_refused", tests::refused),
            ("a_watch_tells_changes_and_ends_as_it_stands", tests::watched),
        ];
        let trials = trials.map(|(name, test)| {
            Trial::test(name, move || Fleet::with(test)).with_ignored_flag(missing.is_some())
        });
        libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
