//! What a boot is in numbers, for whoever compares this one with the last.
//!
//! Flows in: what a guest told, as `suites/FACTS.md` describes it. Flows out: measurements. Must not: judge; tell a number
//! of a guest that did not come up.

use model::{
    check::{Check, CheckId},
    measurement::{Finite, Measurement, Metric, Unit},
};
use serde_json::Value;

use super::boot::Told;

/// From the start of the virtual machine until everything that systemd starts at boot was started.
const TIME: &str = "boot/time";
/// What is in use once it is up: all that there is, without what could be had at once.
const MEMORY: &str = "boot/memory";
/// How long a unit took to start, by the guest's clock.
const UNIT_TIME: &str = "boot/unit-time";

/// Units that are told: those that took longest,
const UNITS: usize = 10;
/// and of these, those that took more seconds than this: what is faster is hardly ever why a boot is slow.
const SLOW: f64 = 0.1;
/// systemd knows no longer name of a unit. Source: `UNIT_NAME_MAX`, systemd `src/basic/unit-name.h`.
const LONGEST_NAME: usize = 255;

/// The check that a boot's numbers belong to: the one that asks whether the machine comes up, else the first of those
/// for which it was booted.
pub(super) fn measuring<'a>(mut checks: impl Iterator<Item = &'a Check> + Clone) -> Option<&'a CheckId> {
    let first = checks.clone().next();
    checks.find(|check| check.rule == "boot/comes-up").or(first).map(|check| &check.id)
}

/// What was measured of a guest; nothing of one that did not come up.
pub(super) fn measurements(told: &Told) -> Vec<Measurement> {
    let Some(guest) = &told.guest else { return Vec::new() };
    let time = number(&told.boot["seconds"]).and_then(|value| measurement(TIME, None, value, Unit::Seconds));
    let memory = used(&guest["memory"]).and_then(|value| measurement(MEMORY, None, value, Unit::Bytes));
    let slowest = slowest(&guest["units"]).into_iter();
    let units = slowest.filter_map(|(name, value)| measurement(UNIT_TIME, Some(name), value, Unit::Seconds));
    time.into_iter().chain(memory).chain(units).collect()
}

fn measurement(metric: &str, of: Option<&str>, value: Finite, unit: Unit) -> Option<Measurement> {
    let metric = Metric::try_from(metric).ok()?;
    Some(Measurement { metric, of: of.map(str::to_owned), value, unit })
}

fn number(value: &Value) -> Option<Finite> {
    Finite::try_from(value.as_f64()?).ok()
}

/// A difference of two times that were told in milliseconds has no further digits.
fn milliseconds(seconds: Finite) -> Option<Finite> {
    Finite::try_from((seconds.get() * 1000.0).round() / 1000.0).ok()
}

/// In bytes, to the MiB: that is how it is told.
fn used(memory: &Value) -> Option<Finite> {
    let of = |key: &str| memory[key].as_u64();
    let mebibytes = u32::try_from(of("total")?.checked_sub(of("available")?)?).ok()?;
    Finite::try_from(f64::from(mebibytes) * f64::from(1_u32 << 20)).ok()
}

/// The slowest first; of those that took as long, by name.
fn slowest(units: &Value) -> Vec<(&str, Finite)> {
    let of = |(name, unit): (&'_ String, &Value)| {
        number(&unit["seconds"]).and_then(milliseconds).filter(|_| name.len() <= LONGEST_NAME)
    };
    let mut slow: Vec<(&str, Finite)> = units
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|unit| Some((unit.0.as_str(), of(unit)?)))
        .filter(|(_, seconds)| seconds.get() > SLOW)
        .collect();
    slow.sort_by(|one, other| other.1.get().total_cmp(&one.1.get()).then(one.0.cmp(other.0)));
    slow.truncate(UNITS);
    slow
}

#[cfg(test)]
mod tests {
    use model::stage::Stage;
    use proptest::prelude::*;
    use serde_json::json;
    use testkit::plan::guest;

    use super::*;

    fn shown(told: &Told) -> Vec<String> {
        let show = |one: &Measurement| {
            let of = one.of.as_ref().map_or(String::new(), |of| format!(" {of}"));
            format!("{}{of}: {} {}", one.metric, one.value.get(), one.unit)
        };
        measurements(told).iter().map(show).collect()
    }

    #[test]
    fn a_boot_is_its_time_its_memory_and_its_slowest_units() {
        let units = json!({
            "a.service": {"seconds": 0.25},
            "b.mount": {"seconds": 1.500_000_000_000_05},
            "c.target": {"seconds": null},
            "d.service": {"seconds": 0.1},
            "e.service": {"seconds": 0.25},
        });
        let guest = json!({"memory": {"total": 1000, "available": 857}, "units": units});
        let told = Told { boot: json!({"end": "up", "seconds": 12.345}), guest: Some(guest) };
        let expected = [
            "boot/time: 12.345 seconds",
            "boot/memory: 149946368 bytes",
            "boot/unit-time b.mount: 1.5 seconds",
            "boot/unit-time a.service: 0.25 seconds",
            "boot/unit-time e.service: 0.25 seconds",
        ];
        assert_eq!(shown(&told), expected);
    }

    #[test]
    fn of_many_slow_units_the_slowest_are_told() {
        let units: serde_json::Map<String, Value> = (0..50_u32)
            .map(|number| (format!("{number}.service"), json!({"seconds": f64::from(number)})))
            .collect();
        let told = Told { boot: json!({}), guest: Some(json!({"units": units})) };
        let shown = shown(&told);
        assert_eq!(shown.len(), UNITS);
        assert_eq!(
            (&*shown[0], &*shown[9]),
            ("boot/unit-time 49.service: 49 seconds", "boot/unit-time 40.service: 40 seconds")
        );
    }

    #[test]
    fn a_guest_that_did_not_come_up_has_no_numbers() {
        assert_eq!(
            shown(&Told { boot: json!({"end": "late", "seconds": 3.0}), guest: None }),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_numbers_belong_to_the_check_that_asks_whether_it_comes_up() {
        let check = |rule| guest(Stage::Boot, rule, "a", 1024, 1).build();
        let all = [check("boot/clock-sane"), check("boot/comes-up"), check("mine/answers")];
        assert_eq!(measuring(all.iter()), Some(&all[1].id));
        assert_eq!(measuring(all[2..].iter()), Some(&all[2].id));
        assert_eq!(measuring(all[..0].iter()), None);
    }

    proptest! {
        #[test]
        fn whatever_a_guest_tells_is_bounded(
            seconds in any::<f64>(), total in any::<u64>(), available in any::<u64>(), name in ".{0,300}",
        ) {
            let units = json!({name: {"seconds": seconds}, "b": {"seconds": "1"}, "c": 7});
            let guest = json!({"memory": {"total": total, "available": available}, "units": units});
            let told = measurements(&Told { boot: json!({"seconds": seconds}), guest: Some(guest) });
            prop_assert!(told.len() <= 3);
        }
    }
}
