//! A time that is left, as people read it.
//!
//! In: a duration. Out: `6d 3h`. It must not tell less than what is left.

use std::time::Duration;

/// The two biggest parts of a time: `6d 3h`. A second that has begun counts.
#[must_use]
pub fn lasting(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_parts_are_told_and_a_second_that_has_begun_counts() {
        let told =
            [0, 1, 59_000, 59_001, 3_661_000, 608_400_000].map(|ms| lasting(Duration::from_millis(ms)));
        assert_eq!(told, ["0s", "1s", "59s", "1min", "1h 1min", "7d 1h"]);
    }
}
