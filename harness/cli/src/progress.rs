//! Progress while a run goes on: one moving line on a terminal, plain lines elsewhere. All of it on stderr.
//!
//! Flows in: the run's events. Flows out: what a person sees meanwhile; nothing that a report needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{
    check::CheckId,
    event::{Event, What},
    plan::Plan,
    stage::Stage,
    verdict::Verdict,
};
use run::Sink;

use crate::screen::Screen;

/// Shows one step that has no count, such as an evaluation. Gone when it is dropped.
#[derive(Debug)]
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Says what goes on, from the first quarter of a second on.
    #[must_use]
    pub fn start(screen: Screen, what: &str) -> Self {
        if !screen.live {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(style("{spinner:.cyan} {msg} {elapsed:.dim}"));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// Changes what it says.
    pub fn say(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Shows a run's progress.
#[derive(Debug)]
pub struct Progress {
    screen: Screen,
    bar: ProgressBar,
    stages: BTreeMap<CheckId, Stage>,
    left: BTreeMap<Stage, usize>,
    running: BTreeSet<CheckId>,
    failed: usize,
    /// Without a terminal: each stage says once that it is done.
    ended: BTreeMap<Stage, Ended>,
}

/// How many checks of a stage ended in which way.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    answered: usize,
    /// Of those that were answered.
    not_passed: usize,
    unasked: usize,
}

impl Ended {
    fn take(&mut self, ending: Ending) {
        self.answered += usize::from(ending != Ending::Unasked);
        self.not_passed += usize::from(ending == Ending::NotPassed);
        self.unasked += usize::from(ending == Ending::Unasked);
    }

    /// `66 checks answered, 2 not passed, 28 not asked`
    fn told(self) -> String {
        let s = if self.answered == 1 { "" } else { "s" };
        let more = [(self.not_passed, "not passed"), (self.unasked, "not asked")];
        let more = more.into_iter().filter(|(number, _)| *number > 0);
        let more: String = more.map(|(number, way)| format!(", {number} {way}")).collect();
        format!("{} check{s} answered{more}", self.answered)
    }
}

/// How a check ended, as far as progress is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Passed,
    NotPassed,
    Unasked,
}

impl From<&Verdict> for Ending {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Passed,
            Verdict::Skipped { .. } => Self::Unasked,
            _ => Self::NotPassed,
        }
    }
}

impl Progress {
    /// Progress of a plan.
    #[must_use]
    pub fn of(plan: &Plan, screen: Screen) -> Self {
        let stages: BTreeMap<_, _> =
            plan.checks.iter().map(|check| (check.id.clone(), check.stage)).collect();
        let mut left = BTreeMap::new();
        for stage in stages.values() {
            *left.entry(*stage).or_insert(0) += 1;
        }
        Self {
            screen,
            bar: bar(screen, stages.len()),
            stages,
            left,
            running: BTreeSet::new(),
            failed: 0,
            ended: BTreeMap::new(),
        }
    }

    fn finished(&mut self, check: &CheckId, ending: Ending) {
        self.running.remove(check);
        self.failed += usize::from(ending == Ending::NotPassed);
        self.bar.inc(1);
        let Some(&stage) = self.stages.get(check) else { return };
        let ended = self.ended.entry(stage).or_default();
        ended.take(ending);
        let told = ended.told();
        let left = self.left.entry(stage).or_insert(1);
        *left -= 1;
        if *left == 0 && !self.screen.live {
            self.screen.note(&format!("{stage}: {told}"));
        }
    }

    fn show(&self) {
        let failed = if self.failed == 0 { String::new() } else { format!(", {} not passed", self.failed) };
        let now = self.running.first().map_or(String::new(), |check| match self.stages.get(check) {
            // All are asked at once, whoever's check is the first.
            Some(Stage::Mesh) => " asking machines whom they reach".to_owned(),
            _ => format!(" {check}"),
        });
        self.bar.set_message(format!("{failed}{now}"));
    }
}

impl Sink for Progress {
    fn emit(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::CheckStarted { check } => {
                self.running.insert(check.clone());
            }
            What::CheckReused { check, .. } => self.finished(check, Ending::Passed),
            What::CheckFinished { check, verdict, .. } => self.finished(check, verdict.into()),
            What::Interrupted => self.screen.note("stopping; once more to stop at once"),
            What::RunStarted { .. }
            | What::Measured { .. }
            | What::Replaced { .. }
            | What::Sighted { .. }
            | What::Kept { .. } => {}
            What::RunEnded { .. } => self.bar.finish_and_clear(),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.show();
        Ok(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn bar(screen: Screen, checks: usize) -> ProgressBar {
    if !screen.live {
        return ProgressBar::hidden();
    }
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let bar = ProgressBar::with_draw_target(u64::try_from(checks).ok(), target);
    bar.set_style(style("{bar:20.cyan/dim} {pos}/{len}{wide_msg}"));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
