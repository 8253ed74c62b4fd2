//! The board: how each machine of a promotion stands, and why it goes no further.
//!
//! Flows in: what is known, and the promotion's state. Flows out: rows, as a text for people or as JSON.
//! Must not: decide, or ask anybody.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use jiff::{SignedDuration, Timestamp};
use judge::promote::{Board, Host, Phase, Proofs, State, Why, decide, lasting};
use model::{
    course::Course,
    decision::{Gate, GateState},
    machine::MachineName,
    rollout::{Standing, Step},
    stage::Stage,
};
use reports::count;
use serde::Serialize;

use super::{advice, prospect::Prospect, told::short};

/// How one machine stands.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub machine: MachineName,
    /// Its wave.
    pub wave: Option<String>,
    /// What runs and boots there.
    pub there: Option<Standing>,
    /// Why nobody knows that.
    pub offline: Option<String>,
    /// What evaluation says that it shall run.
    pub wanted: Option<String>,
    /// Whether it runs and boots what is wanted.
    pub through: bool,
    /// Open: it goes on, or is through. Closed: somebody has to mend something. Undecided: it waits, or something is not proven.
    pub state: GateState,
    /// Whether all that speaks against it goes away by time, by somebody's word, or as others go on.
    pub waits: bool,
    /// All that speaks against it.
    pub reasons: Vec<String>,
    /// The gates that the policy asks for.
    pub gates: Vec<Asked>,
    /// Seconds that its soak goes on.
    pub soak_left: Option<u64>,
    /// When it was last examined under its new closure, and did no worse than before.
    pub examined: Option<Timestamp>,
    /// Whether something else runs or boots there than a promotion left.
    pub drift: bool,
    /// The step that is being taken now.
    pub taken: Option<Step>,
    /// The step that may be taken now.
    pub next: Option<Step>,
}

/// A gate that the policy asks for.
#[derive(Debug, Serialize)]
pub struct Asked {
    /// The stage.
    pub stage: Stage,
    /// What it came to; none where nothing was ever asked of the machine there.
    pub state: Option<GateState>,
    /// When the oldest of its evidence was gathered.
    pub at: Option<Timestamp>,
    /// What keeps it from being open.
    pub reasons: Vec<String>,
}

/// Every machine of the policy, wave by wave.
#[must_use]
pub fn rows(prospect: &Prospect, state: &State, now: Timestamp) -> Vec<Row> {
    let board = decide(&prospect.course, &prospect.proved.proofs, state, now);
    let gates = gates(&prospect.proved.decision.gates);
    let next: BTreeMap<_, _> = board.next.iter().map(|permit| (permit.machine(), permit.step())).collect();
    let waves = prospect.course.waves.iter().flat_map(|leg| leg.machines.iter().map(move |name| (leg, name)));
    let row = |(leg, name): (&model::course::Leg, &MachineName)| {
        let there = prospect.standings.get(name);
        let host = state.machines().get(name);
        let (word, waits, reasons) = word(&board, name, there.is_some_and(Result::is_ok));
        let wanted = prospect.closures.get(name);
        let there_ok = there.and_then(|there| there.as_ref().ok());
        Row {
            machine: name.clone(),
            wave: Some(leg.name.clone()),
            there: there_ok.cloned(),
            offline: there.and_then(|there| there.as_ref().err()).map(ToString::to_string),
            wanted: wanted.map(ToString::to_string),
            through: there_ok.is_some_and(|there| {
                wanted.is_some_and(|wanted| there.running == *wanted && there.profile == *wanted)
            }),
            state: word,
            waits,
            reasons,
            gates: asked(prospect, &gates, name),
            soak_left: host
                .and_then(|host| soak_left(host, leg.soak, now))
                .map(|left| left.as_secs() + u64::from(left.subsec_nanos() > 0)),
            examined: host.and_then(|host| host.examined),
            drift: drift(there_ok, prospect.last.as_ref().and_then(|(_, last)| last.machines().get(name))),
            taken: host.and_then(taken),
            next: next.get(name).copied(),
        }
    };
    waves.map(row).collect()
}

fn word(board: &Board<'_>, name: &MachineName, seen: bool) -> (GateState, bool, Vec<String>) {
    match board.machines.get(name) {
        Some(word) => {
            let waits = !word.reasons.is_empty() && word.reasons.iter().all(advice::waits);
            // What is left of its own soak stands in a column.
            let told = word.reasons.iter().filter(|why| !matches!(why, Why::Soaking { .. }));
            (advice::verdict(&word.reasons), waits, told.map(ToString::to_string).collect())
        }
        None => {
            let why = if seen { "what it would go back to is not one closure" } else { "it never answered" };
            (GateState::Undecided, false, vec![why.to_owned()])
        }
    }
}

/// The gates by stage and subject.
fn gates(gates: &[Gate]) -> BTreeMap<(Stage, Option<&MachineName>), &Gate> {
    gates.iter().map(|gate| ((gate.stage, gate.subject.machine()), gate)).collect()
}

fn asked(
    prospect: &Prospect,
    gates: &BTreeMap<(Stage, Option<&MachineName>), &Gate>,
    name: &MachineName,
) -> Vec<Asked> {
    let proof = prospect.proved.proofs.get(name);
    let one = |stage: &Stage| {
        let proven = proof.and_then(|proof| proof.stages.get(stage));
        let of = [Some(name), None].into_iter().filter_map(|whose| gates.get(&(*stage, whose)));
        let holding = of.filter(|gate| gate.state != GateState::Open);
        let reasons = holding.flat_map(|gate| &gate.reasons).map(|(check, why)| format!("{check}: {why}"));
        Asked {
            stage: *stage,
            state: proven.map(|proven| proven.state),
            at: proven.map(|proven| proven.at).filter(|at| *at != Timestamp::MAX),
            reasons: reasons.collect(),
        }
    };
    prospect.course.gates.iter().map(one).collect()
}

fn taken(host: &Host) -> Option<Step> {
    host.is_busy().then(|| host.begun.filter(|_| !host.looking).unwrap_or(Step::Look))
}

/// What had its closure already does not soak.
fn soak_left(host: &Host, soak: Duration, now: Timestamp) -> Option<Duration> {
    let Phase::Settled { since } = host.phase else { return None };
    if host.change.old == host.change.new {
        return None;
    }
    let left = SignedDuration::try_from(soak).ok()? - now.duration_since(since);
    Duration::try_from(left).ok().filter(|left| !left.is_zero())
}

fn drift(there: Option<&Standing>, last: Option<&Host>) -> bool {
    let expected = last.and_then(Host::expected);
    there.zip(expected).is_some_and(|(there, left)| there.running != *left || there.profile != *left)
}

/// How each machine of a promotion stands after it was carried on, a line each, with what holds it.
#[must_use]
pub(super) fn after(course: &Course, proofs: &Proofs, state: &State, now: Timestamp) -> String {
    let board = decide(course, proofs, state, now);
    let width = state.machines().keys().map(|name| name.as_str().chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, host) in state.machines() {
        let phase = match host.phase {
            Phase::Settled { .. } => format!("runs {}", short(&host.change.new.0)),
            Phase::Back => format!("runs {} again", short(&host.change.old.0)),
            Phase::Trying => "on its new closure, not confirmed".to_owned(),
            Phase::Confirmed => "on its new closure, which does not boot yet".to_owned(),
            Phase::Strayed => "on neither its old nor its new closure".to_owned(),
            Phase::Waiting | Phase::Built | Phase::Copied => "not activated".to_owned(),
        };
        let reasons = board.machines.get(name).map(|word| word.reasons.as_slice()).unwrap_or_default();
        let (soaks, reasons): (Vec<_>, Vec<_>) =
            reasons.iter().partition(|why| matches!(why, Why::Soaking { .. }));
        let soaks = soaks.first().map(|why| format!("; {why}")).unwrap_or_default();
        let _infallible = writeln!(out, "{name:width$}  {phase}{soaks}");
        for reason in reasons {
            let _infallible = writeln!(out, "  {reason}");
        }
    }
    out
}

/// The board for people: a line a machine, and below it what speaks against it.
#[must_use]
pub fn human(rows: &[Row], now: Timestamp) -> String {
    let cells: Vec<[String; 5]> = rows.iter().map(|row| cells(row, now)).collect();
    let titles = ["machine", "wave", "runs", "wanted", "stands"].map(str::to_owned);
    let widths: Vec<usize> = (0..5)
        .map(|column| {
            let all = std::iter::once(&titles).chain(&cells).map(|cells| cells[column].chars().count());
            all.max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    let mut line = |cells: &[String; 5]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let text = padded.collect::<Vec<_>>().join("  ");
        let _infallible = writeln!(out, "{}", text.trim_end());
    };
    line(&titles);
    for (row, cells) in rows.iter().zip(&cells) {
        line(cells);
        for reason in details(row) {
            line(&[format!("  {reason}"), String::new(), String::new(), String::new(), String::new()]);
        }
    }
    out
}

fn cells(row: &Row, now: Timestamp) -> [String; 5] {
    let runs = match (&row.there, row.through) {
        (None, _) => "no answer".to_owned(),
        (Some(there), _) => short(&there.running.0),
    };
    let wanted = match (&row.wanted, row.through) {
        (_, true) => "the same".to_owned(),
        (Some(wanted), false) => short(wanted),
        (None, false) => "not known".to_owned(),
    };
    [row.machine.0.clone(), row.wave.clone().unwrap_or_default(), runs, wanted, stands(row, now)]
}

fn stands(row: &Row, now: Timestamp) -> String {
    let soaks = row.soak_left.map(|left| format!("soaks for {} more", lasting(Duration::from_secs(left))));
    let taken = row.taken.map(|step| format!("at: {step}"));
    let state = match row.state {
        GateState::Open if taken.is_some() || soaks.is_some() => String::new(),
        GateState::Open if row.next == Some(Step::Examine) => "next: examine".to_owned(),
        GateState::Open if row.through => "through".to_owned(),
        GateState::Open => row.next.as_ref().map_or("open".to_owned(), |next| format!("next: {next}")),
        _ if row.waits => "waits".to_owned(),
        GateState::Undecided => "undecided".to_owned(),
        GateState::Closed => "closed".to_owned(),
    };
    let examined = row.examined.filter(|_| soaks.is_some()).map(|at| {
        let ago = Duration::try_from(now.duration_since(at)).unwrap_or_default();
        format!("examined {} ago", lasting(Duration::from_secs(ago.as_secs())))
    });
    let drift = row.drift.then(|| "drifted".to_owned());
    let parts = [taken, Some(state), soaks, examined, drift].into_iter().flatten();
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// How many reasons of one gate are shown.
const SHOWN: usize = 3;

fn details(row: &Row) -> Vec<String> {
    let mut lines: Vec<String> = row.offline.iter().cloned().collect();
    let names = |reason: &str, gate: &Asked| reason.starts_with(&format!("{}: ", gate.stage));
    for reason in &row.reasons {
        lines.push(reason.clone());
        row.gates.iter().filter(|gate| names(reason, gate)).for_each(|gate| lines.extend(short_of(gate)));
    }
    // Of a machine that is in no promotion nothing else speaks of its gates.
    let unsaid = |gate: &&Asked| !row.reasons.iter().any(|reason| names(reason, gate));
    let shut = |gate: &&Asked| row.state != GateState::Open && gate.state != Some(GateState::Open);
    for gate in row.gates.iter().filter(shut).filter(unsaid) {
        lines.push(format!("{}: not open", gate.stage));
        lines.extend(short_of(gate));
    }
    lines
}

/// What keeps a gate from being open, the first of it.
fn short_of(gate: &Asked) -> Vec<String> {
    let mut lines: Vec<_> = gate.reasons.iter().take(SHOWN).map(|reason| format!("  {reason}")).collect();
    let more = gate.reasons.len().saturating_sub(SHOWN);
    lines.extend((more > 0).then(|| format!("  and {} more", count(more, "check"))));
    lines
}
