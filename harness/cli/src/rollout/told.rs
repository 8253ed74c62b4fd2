//! How times, closures and entries of a journal are told to people.
//!
//! Flows in: values. Flows out: texts. Must not: hold advice.

use std::time::Duration;

use model::rollout::{End, Entry, Happened};
use reports::count;

/// A store path without its folder, its hash cut: `0a1b2c3d-nixos-system-web`.
pub(super) fn short(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.split_once('-') {
        Some((hash, name)) => format!("{}-{name}", hash.chars().take(8).collect::<String>()),
        None => name.to_owned(),
    }
}

/// The two biggest parts of a time: `6d 3h`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let amounts = parts.iter().scan(seconds, |left, (size, unit)| {
        let amount = *left / size;
        *left %= size;
        Some((amount, *unit))
    });
    let told = amounts.skip_while(|(amount, _)| *amount == 0).take(2).filter(|(amount, _)| *amount > 0);
    let told: Vec<_> = told.map(|(amount, unit)| format!("{amount}{unit}")).collect();
    if told.is_empty() { "0s".to_owned() } else { told.join(" ") }
}

/// One entry in a line.
pub(super) fn entry(entry: &Entry) -> String {
    let what = match &entry.what {
        Happened::Started { changes } => {
            let changing = changes.values().filter(|change| change.old != change.new).count();
            format!("began: {} to change", count(changing, "machine"))
        }
        Happened::Resumed => "another process goes on".to_owned(),
        Happened::Approved { by, wave } => format!("{by} agreed to wave {wave}"),
        Happened::Frozen { by, reason } => format!("{by} stopped all activations: {reason}"),
        Happened::Thawed { by } => format!("{by} allowed activations again"),
        Happened::Begun { machine, step } => format!("{machine}: {step} .."),
        Happened::Ended { machine, step, end } => match end {
            End::Done => format!("{machine}: {step}: done"),
            End::Failed { why } => format!("{machine}: {step}: failed: {why}"),
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
    fn times_and_closures_are_short() {
        let told = [0, 59, 60, 3_661, 7 * 86_400 + 3_600].map(|seconds| time(Duration::from_secs(seconds)));
        assert_eq!(told, ["0s", "59s", "1min", "1h 1min", "7d 1h"]);
        assert_eq!(short("/nix/store/0a1b2c3d4e5f-nixos-system-web"), "0a1b2c3d-nixos-system-web");
    }
}
