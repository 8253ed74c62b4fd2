//! The scripts that machines are sent, with an order in them.
//!
//! Flows in: an order's closures, the promotion, limits. Flows out: text for `sh -s`. Must not: let anything into the text that a
//! shell reads as more than a word: paths and names were checked, numbers are of types, and the operator's name is quoted.

use std::{fmt::Write as _, time::Duration};

use model::rollout::Step;

use super::{closure::SystemPath, limits::Limits};

/// Which kind of machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// NixOS: systemd, `switch-to-configuration`.
    NixOs,
    /// macOS with nix-darwin: `activate`, and a process that sleeps for a timer.
    Darwin,
}

/// What a session on a machine is for: a step, or one half of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Look,
    /// Before a copy: it is to stay.
    Hold,
    /// After a copy: it is there.
    Copied,
    Activate,
    Confirm,
    Examine,
    Reboot,
    /// After that: it is back.
    Returned,
    SetProfile,
    RollBack,
}

const HEALTH: &str = include_str!("health.sh");

/// What stands in every script.
pub(super) struct Words<'a> {
    pub(super) promotion: &'a str,
    pub(super) old: &'a SystemPath,
    pub(super) new: &'a SystemPath,
    pub(super) who: &'a str,
    /// Whom the machine reaches before it is activated, a line each.
    pub(super) reached: &'a str,
    pub(super) limits: &'a Limits,
}

impl Part {
    fn step(self) -> Step {
        match self {
            Self::Look => Step::Look,
            Self::Hold | Self::Copied => Step::Copy,
            Self::Activate => Step::Activate,
            Self::Confirm => Step::Confirm,
            Self::Examine => Step::Examine,
            Self::Reboot | Self::Returned => Step::Reboot,
            Self::SetProfile => Step::SetProfile,
            Self::RollBack => Step::RollBack,
        }
    }

    /// What it stands on; how health is told, or something is booted once, and what is kept, where that is asked for; what it does.
    fn text(self, system: System) -> [&'static str; 5] {
        let [machine, units, own] = match system {
            System::NixOs => [include_str!("machine.sh"), include_str!("units.sh"), self.on_nixos()],
            System::Darwin => {
                [include_str!("darwin/machine.sh"), include_str!("darwin/units.sh"), self.on_darwin()]
            }
        };
        match (self, system) {
            (Self::Activate, _) => [machine, HEALTH, units, include_str!("marks.sh"), own],
            (Self::Examine, _) => [machine, HEALTH, units, "", own],
            (Self::Reboot | Self::Returned, System::NixOs) => [machine, include_str!("once.sh"), "", "", own],
            _ => [machine, "", "", "", own],
        }
    }

    fn on_nixos(self) -> &'static str {
        match self {
            Self::Look => include_str!("look.sh"),
            Self::Hold => include_str!("hold.sh"),
            Self::Copied => include_str!("copied.sh"),
            Self::Activate => include_str!("activate.sh"),
            Self::Confirm => include_str!("confirm.sh"),
            Self::Examine => include_str!("examine.sh"),
            Self::Reboot => include_str!("reboot.sh"),
            Self::Returned => include_str!("returned.sh"),
            Self::SetProfile => include_str!("profile.sh"),
            Self::RollBack => include_str!("back.sh"),
        }
    }

    fn on_darwin(self) -> &'static str {
        match self {
            Self::Look => include_str!("look.sh"),
            Self::Hold => include_str!("hold.sh"),
            Self::Copied => include_str!("copied.sh"),
            Self::Activate => include_str!("darwin/activate.sh"),
            Self::Confirm => include_str!("darwin/confirm.sh"),
            Self::Examine => include_str!("examine.sh"),
            Self::Reboot | Self::Returned => include_str!("darwin/reboot.sh"),
            Self::SetProfile => include_str!("darwin/profile.sh"),
            Self::RollBack => include_str!("darwin/back.sh"),
        }
    }
}

/// The script of one session.
pub(super) fn script(system: System, part: Part, words: &Words<'_>) -> String {
    let Words { promotion, old, new, who, reached, limits } = words;
    let what = part.text(system).join("\n");
    let mut text = String::with_capacity(what.len() + 1024);
    let seconds = |time: Duration| time.as_secs().max(1);
    let _infallible = write!(
        text,
        "step={} id={} old={} new={} who={} reached={} activate={} window={} patience={} settle={} each={}\n{what}",
        quoted(&part.step().to_string()),
        quoted(promotion),
        quoted(old.as_str()),
        quoted(new.as_str()),
        quoted(who),
        quoted(reached),
        seconds(limits.activate),
        seconds(limits.window()),
        seconds(limits.patience()),
        seconds(limits.settle),
        seconds(limits.check),
    );
    as_root(&text)
}

/// Lets root do it, whoever is let in. The script goes through a pipe: what a shell does with a document of its own may need room on
/// a disk that is full. It is told who asked, for that is not its parent.
fn as_root(script: &str) -> String {
    format!(
        "PATH=\"$PATH:/run/wrappers/bin\"\nif [ \"$(id -u)\" = 0 ]; then sudo=; else sudo='sudo -n'; fi\n\
         printf 'asker=%s sudo=\"%s\"\\n%s\\n' \"$PPID\" \"$sudo\" {} | $sudo sh -s\n",
        quoted(script)
    )
}

/// What tells what runs and boots, whatever promotion there is or is not.
pub(super) const STANDING: &str = include_str!("standing.sh");

/// Where nix's programs are, on whatever machine.
pub(super) const SEARCH_PATH: &str =
    "export PATH=\"/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:$PATH\"";

/// One word for a shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use model::rollout::Closure;

    use super::*;

    const PARTS: [Part; 10] = [
        Part::Look,
        Part::Hold,
        Part::Copied,
        Part::Activate,
        Part::Confirm,
        Part::Examine,
        Part::Reboot,
        Part::Returned,
        Part::SetProfile,
        Part::RollBack,
    ];

    fn written(system: System, part: Part) -> String {
        let path = |name: &str| {
            SystemPath::of(&Closure(format!("/nix/store/0c5fq6vwa5mfmhhp2jyxqbzdm2kikzj3-{name}"))).unwrap()
        };
        let (old, new, limits) = (path("old"), path("new"), Limits::default());
        script(
            system,
            part,
            &Words { promotion: "p1", old: &old, new: &new, who: "O'Hara", reached: "b\nc", limits: &limits },
        )
    }

    /// What stands in the script of this part alone.
    fn own(system: System, part: Part) -> &'static str {
        part.text(system)[4]
    }

    /// The first thing that a script does to a machine, of these.
    fn first<'a>(text: &str, of: &[&'a str]) -> &'a str {
        of.iter().copied().filter(|word| text.contains(word)).min_by_key(|word| text.find(word)).unwrap()
    }

    #[test]
    fn every_script_takes_the_lock_first_and_names_exact_paths() {
        for (system, part) in
            [System::NixOs, System::Darwin].into_iter().flat_map(|it| PARTS.map(|part| (it, part)))
        {
            let text = written(system, part);
            let own = own(system, part);
            let commands = own.lines().find(|line| !line.starts_with('#')).unwrap();
            assert!(commands.starts_with("take"), "{system:?} {part:?}: {commands}");
            // Quoted once for root's shell, and again for the one that calls it.
            assert!(text.contains(quoted("who='O'\\''Hara'").trim_matches('\'')), "{system:?} {part:?}");
            assert!(!text.contains("--rollback") && !text.contains("darwin-rebuild"), "{system:?} {part:?}");
        }
    }

    #[test]
    fn nothing_is_activated_before_health_mark_and_timer() {
        let (mark, health) = (">\"$kept/$id\"", "take_down");
        let on_nixos = ["in_unit activate", "systemd-run", mark, health];
        let on_darwin = ["activates \"$new\"", "sets_timer", mark, health];
        for (system, all) in [(System::NixOs, on_nixos), (System::Darwin, on_darwin)] {
            let text = own(system, Part::Activate);
            (0..all.len()).for_each(|last| assert_eq!(first(text, &all[..=last]), all[last], "{system:?}"));
        }
    }

    /// What is asked for health, each kind of machine can answer.
    #[test]
    fn every_kind_of_machine_tells_its_health() {
        for system in [System::NixOs, System::Darwin] {
            let [_, health, units, ..] = Part::Examine.text(system);
            for word in ["failed_units", "restarting_units", "starting", "within"] {
                let asked = format!("{health}{}", own(system, Part::Examine)).contains(word);
                assert!(asked && units.contains(&format!("\n{word}() {{")), "{system:?} {word}");
            }
        }
    }

    /// A Mac has neither systemd nor flock; and what boots is set only by the step that is for it, and on the way back.
    #[test]
    fn a_mac_is_asked_for_nothing_that_it_has_not() {
        for part in PARTS {
            let text = written(System::Darwin, part);
            assert!(!text.contains("systemctl") && !text.contains("systemd-run"), "{part:?}");
            assert!(!text.contains("flock -w") && !text.contains("readlink -f"), "{part:?}");
            let sets = own(System::Darwin, part).contains("sets \"");
            assert_eq!(sets, matches!(part, Part::SetProfile | Part::RollBack), "{part:?}");
        }
    }

    #[test]
    fn a_name_with_quotes_is_one_word() {
        assert_eq!(quoted("O'Hara; reboot"), r"'O'\''Hara; reboot'");
    }
}
