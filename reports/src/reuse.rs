//! Which answers stand on earlier runs, in a sentence.
//!
//! In: a report's rows. Out: how many answers were reused, from which run and how old, by the run's own start.
//! It must not know what time it is now.

use std::collections::BTreeSet;

use model::evidence::Reuse;

use crate::{
    age,
    answers::Row,
    report::{Report, count},
};

/// `212 of 230 answers stand from run R, 3 min ago; --fresh asks again`; nothing where nothing was reused.
pub(crate) fn sentence(report: &Report<'_>, rows: &[Row<'_>]) -> Option<String> {
    let reuses = || rows.iter().filter_map(|row| row.outcome?.reuse.as_ref());
    let oldest = reuses().min_by_key(|reuse| reuse.at)?;
    let runs: BTreeSet<&str> = reuses().map(|reuse| reuse.run.0.as_str()).collect();
    let answers = count(rows.iter().filter(|row| row.outcome.is_some()).count(), "answer");
    let from = match runs.len() {
        1 => format!("run {}, {}", oldest.run, age(report, oldest)),
        several => format!("{several} runs, the oldest {}", age(report, oldest)),
    };
    Some(format!("{} of {answers} stand from {from}; --fresh asks again", reuses().count()))
}

fn age(report: &Report<'_>, reuse: &Reuse) -> String {
    report.record.started.map_or_else(|| reuse.at.to_string(), |started| age::ago(reuse.at, started))
}
