//! What is known before anything is run, through the binary: where reports are written, which is no part of the fleet, and which
//! machines boot.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and reads what it wrote")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[path = "twins/binary.rs"]
mod binary;
#[path = "twins/harbour.rs"]
mod harbour;

use std::fs;

use binary::{exits, report, seaworthy, text};
use harbour::Harbour;

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_is_run() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    for (option, path, told) in [
        ("--junit", "gone/report.xml", "the folder gone does not exist"),
        ("--markdown", "gone/summary.md", "the folder gone does not exist"),
        ("--junit", "hosts", "hosts"),
        ("--markdown", "hosts", "hosts"),
        ("--junit", "-", "`--format junit` prints the report on stdout"),
        ("--markdown", "-", "`--format markdown` prints the report on stdout"),
    ] {
        let output = seaworthy(&folder).args(["verify", option, path]).output().unwrap();
        exits(&output, 2);
        let err = text(&output.stderr);
        assert!(err.contains(told), "{err}");
        assert!(
            !folder.join(".seaworthy").exists()
                && !folder.join("gone").exists()
                && !folder.join("-").exists()
        );
    }
}

#[test]
fn a_machine_that_cannot_be_booted_is_told_why() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    for (machine, told) in [
        ("stibnite", "stibnite is no NixOS machine, and only those boot as guests"),
        ("cinabar", "no machine is called cinabar"),
        ("cinabar", "did you mean cinnabar? the NixOS machines of this fleet are cinnabar, electrum"),
    ] {
        let output = seaworthy(&folder).args(["boot", machine]).output().unwrap();
        exits(&output, 2);
        let err = text(&output.stderr);
        assert!(err.contains(told), "{err}");
    }
}

#[test]
fn a_report_in_the_fleets_folder_asks_nothing_anew() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    // Git would not know the report; without it every file counts.
    fs::remove_dir_all(folder.join("../../.git")).unwrap();
    let counts = |run: &str| {
        let told = report(&folder, &["--junit", "report.xml", "--markdown", "summary.md"]);
        assert!(fs::read_to_string(folder.join("report.xml")).unwrap().contains("<testsuites"), "{run}");
        told["counts"]["reused"].as_u64().unwrap_or_else(|| panic!("{told}"))
    };
    assert_eq!(counts("first"), 0);
    assert!(counts("second") > 0);
    assert!(counts("third") > 0);
}
