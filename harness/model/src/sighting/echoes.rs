//! Echoes of one address: latency and loss.

use std::time::Duration;

/// What became of the echo requests to one address, in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echoes {
    /// The time until the answer; `None` when none came.
    pub answers: Vec<Option<Duration>>,
    /// What the system said when it did not even send one.
    pub unsent: Option<String>,
}

impl Echoes {
    /// Whether any came back.
    #[must_use]
    pub fn answered(&self) -> bool {
        self.answers.iter().any(Option::is_some)
    }

    /// The time in the middle, of those that came back.
    #[must_use]
    pub fn median(&self) -> Option<Duration> {
        let mut times = self.times();
        times.sort_unstable();
        times.get(times.len().checked_sub(1)? / 2).copied()
    }

    /// The longest time.
    #[must_use]
    pub fn worst(&self) -> Option<Duration> {
        self.times().into_iter().max()
    }

    /// How many of those that were sent were lost, and how many were sent. Of several the first does not count: on its way
    /// tunnels greet each other and routes are looked for.
    #[must_use]
    pub fn lost(&self) -> (usize, usize) {
        let counted = if self.answers.len() > 1 { &self.answers[1..] } else { &self.answers[..] };
        (counted.iter().filter(|answer| answer.is_none()).count(), counted.len())
    }

    /// Lost in a hundred, rounded up, so that nothing lost is 0 and anything lost is not.
    #[must_use]
    pub fn loss(&self) -> u32 {
        let (lost, sent) = self.lost();
        u32::try_from((lost * 100).div_ceil(sent.max(1))).unwrap_or(100)
    }

    fn times(&self) -> Vec<Duration> {
        self.answers.iter().flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echoes(millis: &[Option<u64>]) -> Echoes {
        let answers = millis.iter().map(|time| time.map(Duration::from_millis)).collect();
        Echoes { answers, unsent: None }
    }

    #[test]
    fn the_middle_the_worst_and_the_lost() {
        let one = echoes(&[Some(9), Some(1), None, Some(2)]);
        assert_eq!(one.median(), Some(Duration::from_millis(2)));
        assert_eq!(one.worst(), Some(Duration::from_millis(9)));
        assert_eq!((one.lost(), one.loss()), ((1, 3), 34));
    }

    #[test]
    fn the_first_of_several_opens_the_way() {
        assert_eq!(echoes(&[None, Some(1), Some(1)]).loss(), 0);
        assert_eq!(echoes(&[None]).loss(), 100);
        assert_eq!((echoes(&[]).loss(), echoes(&[]).median(), echoes(&[]).answered()), (0, None, false));
    }
}
