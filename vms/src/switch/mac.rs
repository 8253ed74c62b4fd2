//! Hardware addresses.
//!
//! Flows in: six bytes of a frame, or text. Flows out: a [`Mac`]. Must not: make one up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The hardware address of a network card, as in `52:54:00:12:01:02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(pub [u8; 6]);

/// A text that is no hardware address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no hardware address: write six bytes, as in 52:54:00:12:01:02")]
pub struct NoMac(String);

impl Mac {
    /// That of everybody.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// Whether it may be that of one card: it is not zero, and its group bit is not set. Source: IEEE 802-2014, 8.2.
    #[must_use]
    pub fn is_of_one(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for Mac {
    type Err = NoMac;

    fn from_str(text: &str) -> Result<Self, NoMac> {
        let byte = |part: &str| {
            let two_digits = part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
            u8::from_str_radix(part, 16).ok().filter(|_| two_digits)
        };
        let bytes: Option<Vec<u8>> = text.split(':').map(byte).collect();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| NoMac(text.to_owned()))
    }
}

impl TryFrom<String> for Mac {
    type Error = NoMac;

    fn try_from(text: String) -> Result<Self, NoMac> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Mac;

    #[test]
    fn what_is_no_address_is_refused() {
        let others = ["", "52:54:00:12:01", "52:54:00:12:01:02:03", "52:54:00:12:01:g2", "+2:54:00:12:01:02"];
        for text in others {
            assert!(text.parse::<Mac>().is_err(), "{text}");
        }
        let refused = "x".parse::<Mac>().unwrap_err().to_string();
        assert_eq!(refused, "`x` is no hardware address: write six bytes, as in 52:54:00:12:01:02");
    }

    #[test]
    fn groups_and_nobody_are_not_of_one() {
        let one = |text: &str| text.parse::<Mac>().unwrap().is_of_one();
        assert!(one("52:54:00:12:01:02") && !one("01:00:5e:00:00:01") && !one("00:00:00:00:00:00"));
        assert!(!Mac::BROADCAST.is_of_one());
    }

    proptest! {
        #[test]
        fn text_and_back_is_the_same(bytes: [u8; 6]) {
            let mac = Mac(bytes);
            prop_assert_eq!(mac.to_string().parse(), Ok(mac));
            prop_assert_eq!(mac.to_string().to_uppercase().parse(), Ok(mac));
        }
    }
}
