//! From which of its addresses a machine speaks to another.
//!
//! Flows in: addresses. Flows out: one of them. Must not: know a route; the longest common beginning is what decides between
//! several addresses of one interface (RFC 6724, rule 8).

use std::net::IpAddr;

/// The address from which the kernel speaks to another: the one with which it has the longest beginning in common.
#[must_use]
pub fn nearest(own: &[IpAddr], to: IpAddr) -> Option<IpAddr> {
    let common = |address: &IpAddr| match (address, to) {
        (IpAddr::V4(own), IpAddr::V4(to)) => Some((own.to_bits() ^ to.to_bits()).leading_zeros()),
        (IpAddr::V6(own), IpAddr::V6(to)) => Some((own.to_bits() ^ to.to_bits()).leading_zeros()),
        _ => None,
    };
    let same_family = own.iter().filter_map(|address| Some((common(address)?, *address)));
    same_family.max_by_key(|(bits, _)| *bits).map(|(_, address)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_with_the_longest_common_beginning_speaks() {
        let own = ["10.0.0.1", "fd00:1::1", "fd00:2::1"].map(|address| address.parse().unwrap());
        let of = |to: &str| nearest(&own, to.parse().unwrap()).map(|own| own.to_string());
        assert_eq!(of("fd00:2::9").as_deref(), Some("fd00:2::1"));
        assert_eq!(of("fd00:1::9").as_deref(), Some("fd00:1::1"));
        assert_eq!(of("192.168.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(nearest(&own[..1], "fd00::1".parse().unwrap()), None);
    }
}
