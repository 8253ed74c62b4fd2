//! What befalls frames on their way from one guest to another, as data and as chance.
//!
//! Flows in: a [`Line`], a seed. Flows out: for each frame, whether it is lost and how long it takes. Must not: differ
//! between two runs with the same seed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The way from one guest to another, in one direction. By default it is as good as none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Line {
    /// Whether nothing comes through.
    #[serde(default)]
    pub cut: bool,
    /// How long each frame takes, in ms.
    #[serde(default)]
    pub delay_ms: u32,
    /// How much longer a frame may take, in ms: anything up to this is equally likely. No frame overtakes another.
    #[serde(default)]
    pub jitter_ms: u32,
    /// The share of frames that is lost, 0 to 1.
    #[serde(default)]
    pub loss: f64,
}

impl Line {
    /// Nothing comes through.
    pub const CUT: Self = Self { cut: true, delay_ms: 0, jitter_ms: 0, loss: 0.0 };

    /// Each frame takes this long, in ms.
    #[must_use]
    pub fn delayed(delay_ms: u32) -> Self {
        Self { delay_ms, ..Self::default() }
    }

    /// This share of frames, 0 to 1, is lost.
    #[must_use]
    pub fn lossy(loss: f64) -> Self {
        Self { loss, ..Self::default() }
    }

    /// The longest that a frame may take.
    pub(super) fn longest(self) -> Duration {
        Duration::from_millis(u64::from(self.delay_ms) + u64::from(self.jitter_ms))
    }

    pub(super) fn is_sound(self) -> bool {
        (0.0..=1.0).contains(&self.loss)
    }
}

/// What chance has in store for one direction of a pair: it depends on the seed and their names alone, so that frames
/// of others change nothing. Source: SplitMix64, of Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014; FNV-1a, RFC 9923.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64, names: [&str; 3]) -> Self {
        let bytes = names.iter().flat_map(|name| name.bytes().chain([0xff]));
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(seed.wrapping_add(bytes.fold(0xcbf2_9ce4_8422_2325, fold)))
    }

    /// Whether the next frame is lost.
    pub(super) fn loses(&mut self, line: Line) -> bool {
        // 53 bits are what the share can be told in.
        line.loss > 0.0 && ((self.draw() >> 11) as f64) < line.loss * (1_u64 << 53) as f64
    }

    /// How long the next frame takes.
    pub(super) fn takes(&mut self, line: Line) -> Duration {
        let jitter = if line.jitter_ms == 0 { 0 } else { self.draw() };
        let most = u128::from(line.jitter_ms) * 1_000_000;
        // The high half of the product: less than `most`, which has at most 53 bits.
        let jitter = ((u128::from(jitter) * most) >> 64) as u64;
        Duration::from_millis(line.delay_ms.into()) + Duration::from_nanos(jitter)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Chance, Line};

    fn fates(seed: u64, names: [&str; 3], line: Line) -> Vec<bool> {
        let mut chance = Chance::of(seed, names);
        (0..10_000).map(|_| chance.loses(line)).collect()
    }

    #[test]
    fn the_numbers_are_those_of_splitmix() {
        // From the reference implementation, https://prng.di.unimi.it/splitmix64.c, begun at 1234567.
        let mut chance = Chance(1_234_567);
        let drawn = [chance.draw(), chance.draw()];
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn a_seed_says_it_all() {
        let line = Line::lossy(0.3);
        let fates_of = |seed, from, to| fates(seed, ["lan", from, to], line);
        assert_eq!(fates_of(1, "a", "b"), fates_of(1, "a", "b"));
        let others =
            [fates_of(2, "a", "b"), fates_of(1, "b", "a"), fates_of(1, "ab", ""), fates_of(1, "", "ab")];
        for (n, other) in others.iter().enumerate() {
            assert_ne!(*other, fates_of(1, "a", "b"), "{n}");
        }
        assert_ne!(others[2], others[3]);
    }

    #[test]
    fn all_nothing_and_a_third() {
        let lost =
            |loss| fates(1, ["lan", "a", "b"], Line::lossy(loss)).into_iter().filter(|lost| *lost).count();
        assert_eq!((lost(0.0), lost(1.0)), (0, 10_000));
        // Five standard deviations of 47 frames each.
        assert!(lost(0.333).abs_diff(3_330) < 235, "{}", lost(0.333));
    }

    proptest! {
        #[test]
        fn a_frame_takes_as_long_as_the_line_says(seed: u64, delay_ms: u32, jitter_ms: u32) {
            let line = Line { delay_ms, jitter_ms, ..Line::default() };
            let took = Chance::of(seed, ["lan", "a", "b"]).takes(line);
            prop_assert!(took >= Line::delayed(delay_ms).longest() && took <= line.longest());
        }

        #[test]
        fn what_takes_longer_is_as_likely_as_what_takes_less(seed: u64) {
            let line = Line { jitter_ms: 100, ..Line::default() };
            let mut chance = Chance::of(seed, ["lan", "a", "b"]);
            let late = (0..1_000).filter(|_| chance.takes(line).as_millis() >= 50).count();
            // Six standard deviations.
            prop_assert!(late.abs_diff(500) < 95, "{}", late);
        }
    }
}
