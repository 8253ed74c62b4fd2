//! Eight machines, wave by wave, with real soaks.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use judge::promote::Outlook;
use libtest_mimic::Trial;
use model::{
    machine::MachineName,
    rollout::{Change, Closure, End, Entry, Happened, Step},
};
use run::rollout::Rest;
use testkit::rollout::MemoryLog;

use crate::{
    promotion::{Came, came, course, go, started},
    rig::{Rig, system, trial},
};

const BOXES: &[&str] = &["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"];
const WAVES: [&[&str]; 4] = [&["b1"], &["b2", "b3"], &["b4", "b5", "b6", "b7"], &["b8"]];
const SOAK: Duration = Duration::from_secs(2);

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("waves::eight_machines_go_wave_by_wave_and_soak", BOXES, eight_machines),
        trial("waves::one_that_fails_goes_back_alone_and_stops_later_waves", BOXES, one_fails),
    ]
}

fn changes(rig: &Rig, new: impl Fn(&str) -> Closure) -> BTreeMap<MachineName, Change> {
    BOXES.iter().map(|name| (MachineName::from(*name), rig.to(&new(name)))).collect()
}

fn ended(entries: &[Entry], name: &str, step: Step) -> Option<Timestamp> {
    entries.iter().find_map(|entry| match &entry.what {
        Happened::Ended { machine, step: ended, end: End::Done }
            if machine.as_str() == name && *ended == step =>
        {
            Some(entry.at)
        }
        _ => None,
    })
}

async fn eight_machines(rig: Rig) {
    let new = system("new", "", "");
    let mut log = MemoryLog::new(vec![started(&changes(&rig, |_| new.clone()))]);
    let rested = go(&course(&WAVES, SOAK), rig.deploy("p1"), &mut log).await;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Through), "{:?}", rested.state);
    for name in BOXES {
        assert_eq!(rig.truth(name).await, (new.clone(), new.clone()), "{name}");
        assert_eq!(
            (rig.answers(name).await.as_str(), rig.timers(name).await.as_str()),
            ("new", ""),
            "{name}"
        );
        let tests = rig.on(name, &format!("grep -c 'test {new}' /root/switched")).await;
        assert_eq!(tests, "1", "{name}");
    }
    let entries = log.entries();
    for pair in WAVES.windows(2) {
        let last = pair[0].iter().map(|name| ended(&entries, name, Step::SetProfile).unwrap()).max().unwrap();
        for name in pair[1] {
            let begun = Happened::Begun { machine: (*name).into(), step: Step::Activate };
            let begun = entries.iter().find(|entry| entry.what == begun).unwrap().at;
            assert!(begun.duration_since(last) >= SOAK.try_into().unwrap(), "{name} did not wait");
        }
    }
    rig.lab.down().await;
}

/// What others have is proven, and stays.
async fn one_fails(rig: Rig) {
    let (new, bad) = (system("new", "", ""), system("bad", "exit 4", ""));
    let changes = changes(&rig, |name| if name == "b2" { bad.clone() } else { new.clone() });
    let mut log = MemoryLog::new(vec![started(&changes)]);
    let rested = go(&course(&WAVES, Duration::ZERO), rig.deploy("p1"), &mut log).await;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Held));
    for name in BOXES {
        let (running, boots) = rig.truth(name).await;
        assert_eq!(running, boots, "{name}");
        // Its neighbour in the wave may have been under way already.
        let expected = match *name {
            "b1" => Some(Came::New),
            "b3" => None,
            _ => Some(Came::Old),
        };
        let is = if running == rig.old { Came::Old } else { Came::New };
        assert_eq!(came(&rested.state, name), is, "{name}");
        assert!(expected.is_none_or(|expected| expected == is), "{name}");
    }
    rig.lab.down().await;
}
