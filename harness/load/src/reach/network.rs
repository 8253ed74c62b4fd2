//! Networks of addresses.
//!
//! Flows in: addresses and texts. Flows out: addresses. Must not: know a machine.

use std::net::IpAddr;

use super::known::address;

/// A network and its length; an address alone is a network of its own.
pub(super) fn network(text: &str) -> Option<(IpAddr, u8)> {
    let address = address(text)?;
    let whole = if address.is_ipv6() { 128 } else { 32 };
    let length = text.split_once('/').map_or(Some(whole), |(_, length)| length.trim().parse().ok())?;
    Some((masked(address, length)?, length))
}

/// An address with all bits behind a length at zero; nothing if it has not so many.
pub(super) fn masked(address: IpAddr, length: u8) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(address) => {
            let behind = 32_u32.checked_sub(length.into())?;
            IpAddr::V4((address.to_bits() & u32::MAX.checked_shl(behind).unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            let behind = 128_u32.checked_sub(length.into())?;
            IpAddr::V6((address.to_bits() & u128::MAX.checked_shl(behind).unwrap_or(0)).into())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_with_their_length() {
        let read = |text: &str| network(text).map(|(address, length)| format!("{address}/{length}"));
        assert_eq!(read("fd51:19c1:3b:f700:8750::1/56").as_deref(), Some("fd51:19c1:3b:f700::/56"));
        assert_eq!(read("10.1.2.3").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(read("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(read("10.0.0.0/33"), None);
    }
}
