//! Machines of a lab asked through the binary: what is planned, seen, found and recorded. It needs root, what labs are made of, and
//! nix: elsewhere the tests are ignored, and say so.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")
)]

#[cfg(target_os = "linux")]
mod eight;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod flake;
#[cfg(target_os = "linux")]
mod fleet;
#[cfg(target_os = "linux")]
mod lacking;
#[cfg(target_os = "linux")]
mod tests;
#[cfg(target_os = "linux")]
mod watch;

#[cfg(target_os = "linux")]
mod linux {
    use std::{env, process::ExitCode};

    use lab::{tools::Tools, topology::Overlay};
    use libtest_mimic::{Arguments, Failed, Trial};

    use crate::{
        eight, faults,
        fleet::{Fleet, Hosts},
        lacking, tests, watch,
    };

    pub(crate) type Test = fn(&Fleet) -> Result<(), Failed>;

    const THREE: Hosts =
        Hosts { overlay: Overlay::Wireguard, members: &["a", "b", "c"], outsider: None, certificates: false };
    const CERTIFIED: Hosts = Hosts { certificates: true, ..THREE };
    const FOUR: Hosts = Hosts { outsider: Some("out"), ..THREE };
    const EIGHT: Hosts = Hosts { members: &["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7"], ..THREE };

    #[expect(clippy::print_stderr, reason = "who runs the tests sees why they are ignored")]
    fn trial(name: &str, hosts: Hosts, test: Test) -> Trial {
        let missing = Tools::find(&env::var_os("PATH").unwrap_or_default(), hosts.overlay).err();
        if let Some(missing) = &missing {
            eprintln!("{name} is ignored: {missing}");
        }
        Trial::test(name, move || Fleet::with(hosts, test)).with_ignored_flag(missing.is_some())
    }

    pub(crate) fn main() -> ExitCode {
        let yggdrasil = Hosts { overlay: Overlay::Yggdrasil, ..EIGHT };
        let zerotier = Hosts { overlay: Overlay::Zerotier, ..EIGHT };
        let of_yggdrasil = Hosts { overlay: Overlay::Yggdrasil, ..THREE };
        let of_zerotier = Hosts { overlay: Overlay::Zerotier, ..THREE };
        let trials = [
            trial("all_is_well_and_recorded", THREE, tests::all_is_well),
            trial("a_line_that_is_cut_is_blamed_on_its_two_ends", THREE, tests::cut),
            trial("a_direction_that_is_cut_is_told_from_a_line", THREE, tests::one_way),
            trial("a_name_that_leads_elsewhere_is_told_with_where_it_is_to_lead", THREE, faults::names),
            trial(
                "an_address_that_two_have_is_blamed_on_the_one_whose_it_is_not",
                THREE,
                faults::same_address,
            ),
            trial("who_answers_in_the_place_of_another_is_named", THREE, faults::in_the_place_of_another),
            trial("an_overlay_that_is_down_is_told_apart_from_a_way_that_is_cut", THREE, faults::stopped),
            trial("a_member_that_is_revoked_is_named_by_the_others", THREE, faults::revoked),
            trial("a_line_that_loses_packets_is_told_with_how_many", THREE, faults::lossy),
            trial("a_line_that_is_slow_is_not_taken_for_one_of_small_packets", THREE, faults::slow),
            trial(
                "who_talks_first_and_who_has_no_ping_are_asked_all_the_same",
                THREE,
                lacking::asked_all_the_same,
            ),
            trial("who_answers_no_echo_is_told_from_who_is_not_there", THREE, lacking::answers_no_echo),
            trial("who_has_no_ipv6_is_named_by_all", THREE, lacking::without_ipv6),
            trial("a_line_that_loses_everything_is_blamed_on_its_two_ends", THREE, lacking::loses_everything),
            trial("daemons_that_tell_nothing_are_told_apart", THREE, lacking::daemons),
            trial(
                "a_daemon_of_another_version_is_neither_good_nor_bad",
                of_yggdrasil,
                lacking::another_version,
            ),
            trial("host_harness_and_offline_are_told_apart", THREE, lacking::not_met),
            trial("an_outsider_that_is_let_in_is_caught", FOUR, faults::let_in),
            trial("who_is_offline_is_neither_good_nor_bad", THREE, tests::offline),
            trial("who_does_not_prove_to_be_itself_is_told_apart", THREE, tests::distrusted),
            trial("a_certificate_that_has_run_out_is_told_as_that", CERTIFIED, faults::expired),
            trial("who_has_no_way_to_it_is_named", THREE, tests::no_way),
            trial("what_makes_no_sense_is_refused", THREE, tests::refused),
            trial("a_watch_tells_changes_and_ends_as_it_stands", THREE, watch::changes),
            trial("a_watch_that_nobody_reads_any_more_ends", THREE, watch::unread),
            trial("a_controller_that_is_stopped_is_told_from_a_member", of_zerotier, faults::controller),
            trial("eight_hosts_with_wireguard_are_all_green", EIGHT, eight::all_green),
            trial("eight_hosts_with_yggdrasil_are_all_green", yggdrasil, eight::all_green),
            trial("eight_hosts_with_zerotier_are_all_green", zerotier, eight::all_green),
        ];
        libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}
