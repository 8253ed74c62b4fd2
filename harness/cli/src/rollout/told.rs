//! How closures and entries of a journal are told to people.
//!
//! Flows in: values. Flows out: texts. Must not: hold advice.

use model::rollout::{Change, End, Entry, Happened};
use reports::count;

/// A store path without its folder, its hash cut: `0a1b2c3d-nixos-system-web`.
pub(super) fn short(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.split_once('-') {
        Some((hash, name)) => format!("{}-{name}", hash.chars().take(8).collect::<String>()),
        None => name.to_owned(),
    }
}

/// One entry in a line.
pub(super) fn entry(entry: &Entry) -> String {
    let what = match &entry.what {
        Happened::Started { changes, .. } | Happened::Joined { changes } => {
            let changing = || changes.iter().filter(|(_, change)| change.old != change.new);
            let lines = changing().map(|(machine, Change { old, new })| {
                format!("\n  {machine}: from {} to {}", short(&old.0), short(&new.0))
            });
            let began = if matches!(entry.what, Happened::Joined { .. }) { "joined" } else { "began" };
            let changing = count(changing().count(), "machine");
            format!("{began}: {changing} to change{}", lines.collect::<String>())
        }
        Happened::Resumed => "another process goes on".to_owned(),
        Happened::Approved { by, wave, held: Some(Err(why)), .. } => {
            format!("{by} is said to have agreed to wave {wave}, which does not count: {why}")
        }
        Happened::Approved { by, wave, signed: Some(_), .. } => format!("{by} agreed to wave {wave}, signed"),
        Happened::Approved { by, wave, .. } => format!("{by} agreed to wave {wave}"),
        Happened::Frozen { by, reason } => format!("{by} stopped all activations: {reason}"),
        Happened::Thawed { by } => format!("{by} allowed activations again"),
        Happened::Begun { machine, step } => format!("{machine}: {step} .."),
        Happened::Ended { machine, step, end } => match end {
            End::Done => format!("{machine}: {step}: done"),
            End::Skipped { why } => format!("{machine}: {step}: not done: {why}"),
            End::Failed { why } => format!("{machine}: {step}: failed: {why}"),
            End::Held { by } => format!("{machine}: {step}: not begun: it is held by {by}"),
            End::Unreachable => format!("{machine}: {step}: out of reach"),
        },
        Happened::Saw { machine, sight } => {
            let running = sight.running.as_ref().map_or("half of two closures".to_owned(), |it| short(&it.0));
            format!("{machine}: runs {running}, boots {}", short(&sight.profile.0))
        }
        Happened::Ailing { machine, why } => format!("{machine} does worse: {why}"),
    };
    format!("{:.0}  {what}", entry.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_short() {
        assert_eq!(short("/nix/store/0a1b2c3d4e5f-nixos-system-web"), "0a1b2c3d-nixos-system-web");
    }
}
