//! Faults of lines as rules of nftables, all at once.
//!
//! Flows in: what befalls the lines of the plain network. Flows out: text for `nft -f -` that puts all rules in the place
//! of all earlier ones, in one step. Must not: run nft.

use std::fmt::Write as _;

use crate::addresses::{RELAY, Seat};

/// What befalls packets from one host to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule<'a> {
    pub(crate) from: &'a Seat,
    pub(crate) to: &'a Seat,
    /// Packets in a hundred that are lost; 100 is a cut.
    pub(crate) lost: u8,
}

/// The whole table. Rules hold in the hub before it decides on a way, whatever cable a packet came by.
pub(crate) fn table(rules: &[Rule<'_>]) -> String {
    // Declared first, so that there is one to delete.
    let mut text = String::from(
        "table inet lab\ndelete table inet lab\ntable inet lab {\n  chain faults {\n    \
         type filter hook prerouting priority -300; policy accept;\n",
    );
    // What was held back met these rules when it came.
    let _infallible = writeln!(text, "    iifname \"{RELAY}\" accept");
    for Rule { from, to, lost } in rules {
        let chance = if *lost >= 100 { String::new() } else { format!("numgen random mod 100 < {lost} ") };
        let _infallible = writeln!(text, "    ip saddr {} ip daddr {} {chance}drop", from.v4, to.v4);
        let _infallible = writeln!(text, "    ip6 saddr {} ip6 daddr {} {chance}drop", from.v6, to.v6);
    }
    text.push_str("  }\n}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{Rule, table};
    use crate::{addresses::seats, topology::Topology};

    #[test]
    fn each_rule_is_for_one_direction_of_a_pair() {
        let seats = seats(&Topology::of(["a", "b"]));
        let (a, b) = (&seats[1], &seats[2]);
        let text = table(&[Rule { from: a, to: b, lost: 100 }, Rule { from: b, to: a, lost: 10 }]);
        assert!(text.contains("\n    ip saddr 198.18.0.2 ip daddr 198.18.0.3 drop\n"), "{text}");
        assert!(text.contains("\n    ip6 saddr 2001:db8::2 ip6 daddr 2001:db8::3 drop\n"), "{text}");
        assert!(text.contains("ip daddr 198.18.0.2 numgen random mod 100 < 10 drop"), "{text}");
        assert_eq!(table(&[]).matches("drop").count(), 0);
    }
}
