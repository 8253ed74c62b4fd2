//! What machines saw of each other, as JSON.
//!
//! In: a report. Out: values that serialise to the part `mesh` of the document that `reports/JSON.md` describes. It must not leave
//! a pair out.

use model::{
    machine::MachineName,
    overlay::OverlayKind,
    reach::Reach,
    round::{Coverage, Sample},
    sighting::seen::Sight,
};
use serde::Serialize;

use crate::{
    report::Report,
    sighted::{Pair, Sighted, Standing, sighted},
};

#[derive(Serialize)]
pub(super) struct Mesh<'a> {
    overlays: Vec<Overlay<'a>>,
}

#[derive(Serialize)]
struct Overlay<'a> {
    name: &'a str,
    kind: OverlayKind,
    asked: usize,
    of: usize,
    unasked: usize,
    unjudged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<Sample>,
    counts: Counts,
    pairs: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Counts {
    as_expected: usize,
    differ: usize,
    untold: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    from: &'a MachineName,
    to: &'a MachineName,
    reach: Reach,
    seen: Sight,
    as_expected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> Mesh<'a> {
    /// `None` where nobody looked at a network.
    pub(super) fn of(report: &Report<'a>) -> Option<Self> {
        report.plan.round.as_ref()?;
        let overlays = sighted(report.plan, report.record);
        Some(Self { overlays: overlays.iter().map(Overlay::of).collect() })
    }
}

impl<'a> Overlay<'a> {
    fn of(sighted: &Sighted<'a>) -> Self {
        let Coverage { asked, of, unasked, unjudged, sample } = sighted.net.coverage;
        let counts = Counts {
            as_expected: sighted.counted(Standing::AsExpected),
            differ: sighted.counted(Standing::Differs),
            untold: sighted.counted(Standing::Untold),
        };
        let overlay = &sighted.net.overlay;
        let mut pairs: Vec<&Pair<'a>> = sighted.pairs.iter().collect();
        // Stable, so that those of a kind stay in their order.
        pairs.sort_by_key(|pair| pair.standing());
        let pairs = pairs.into_iter().map(Told::of).collect();
        Self { name: &overlay.name, kind: overlay.kind, asked, of, unasked, unjudged, sample, counts, pairs }
    }
}

impl<'a> Told<'a> {
    fn of(pair: &Pair<'a>) -> Self {
        Self {
            from: pair.from,
            to: &pair.target.to,
            reach: pair.reach(),
            seen: pair.sight(),
            as_expected: pair.standing() == Standing::AsExpected,
            why: pair.why(),
        }
    }
}
