//! Times as people read them.
//!
//! In: durations, and two moments of the record. Out: `1.20s`, `3 min ago`. It must not know what time it is now.

use std::time::Duration;

use jiff::Timestamp;

/// Of less than this, as of an echo on a good line, tenths of a millisecond tell.
const SHORT: Duration = Duration::from_millis(10);

/// A duration in two units at most.
pub(crate) fn took(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration < SHORT && !duration.subsec_micros().is_multiple_of(1000) => {
            format!("{:.1}ms", duration.as_secs_f64() * 1e3)
        }
        0 => format!("{}ms", duration.as_millis()),
        1..60 if duration.subsec_millis() == 0 => format!("{seconds}s"),
        1..60 => format!("{:.2}s", duration.as_secs_f64().min(59.99)),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// How long before `now` a moment was; a moment after it, by a clock that was set back, was just now.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    match seconds {
        ..10 => "just now".to_owned(),
        10..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        86_400..172_800 => "1 day ago".to_owned(),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let shown = |millis| took(Duration::from_millis(millis));
        assert_eq!(
            [0, 999, 1204, 10_000, 59_999, 60_000, 3_599_000, 3_600_000, 90_061_000].map(shown),
            ["0ms", "999ms", "1.20s", "10s", "59.99s", "1m 00s", "59m 59s", "1h 00m", "25h 01m"]
        );
        let shown = |micros| took(Duration::from_micros(micros));
        assert_eq!([30, 250, 2000, 9_940, 10_900].map(shown), ["0.0ms", "0.2ms", "2ms", "9.9ms", "10ms"]);
        assert_eq!(took(Duration::MAX), "5124095576030431h 00m");
    }

    #[test]
    fn ages_are_shorter() {
        let now = Timestamp::from_second(1_000_000).expect("a moment");
        let shown = |seconds: i64| ago(Timestamp::from_second(1_000_000 - seconds).expect("a moment"), now);
        assert_eq!(
            [-5, 9, 10, 60, 3599, 3600, 86_400, 172_800].map(shown),
            [
                "just now",
                "just now",
                "10 s ago",
                "1 min ago",
                "59 min ago",
                "1 h ago",
                "1 day ago",
                "2 days ago"
            ]
        );
    }
}
