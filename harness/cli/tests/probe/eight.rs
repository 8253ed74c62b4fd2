//! Eight hosts, and the overlay that a fleet has: every pair as it should be, and every daemon.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::{fleet::Fleet, tests::same};

pub(crate) fn all_green(fleet: &Fleet) -> Result<(), Failed> {
    let told =
        ["all 56 pairs asked; 56 as expected, 0 not, 0 untold", "open as far as selected: 8 of 8 gates"];
    let ended = fleet.probe(&[], 0, &told)?;
    // A row a machine, a cross a machine that it reaches.
    let rows: Vec<&str> =
        ended.out.lines().filter(|line| line.contains(" h") && line.contains('+')).collect();
    same(&rows.iter().map(|row| row.matches('+').count()).collect::<Vec<_>>(), &vec![7; 8])?;
    let report: Value = serde_json::from_str(&fleet.run(&["report", "--format", "json"])?.out)?;
    same(&report["mesh"]["overlays"][0]["counts"], &json!({"as_expected": 56, "differ": 0, "untold": 0}))?;
    same(&report["mesh"]["overlays"][0]["kind"], &json!(fleet.hosts.overlay.as_str()))
}
