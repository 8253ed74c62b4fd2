//! The rules by which a look at the network finds, and the failure that each prevents.
//!
//! Findings and waivers name them. Other checks find by one rule, their own; a look at one machine answers many questions.

/// Every rule, with what it prevents in a sentence.
pub const ALL: [(&str, &str); 24] = [
    ("mesh/unreached", "A machine does not reach one that it must reach: nothing comes back."),
    (
        "mesh/one-way",
        "What a machine sends arrives, and the answers do not: one direction of the way is cut.",
    ),
    ("mesh/no-ipv6", "A machine has no IPv6, and its overlay's addresses are of no use to it."),
    ("mesh/refused", "A machine is there and refuses: its daemon does not listen, or a firewall says no."),
    ("mesh/port-silent", "A machine answers, but not at a port that it must answer at."),
    ("mesh/no-echo", "A machine answers, but no echo: whoever watches it believes that it is down."),
    ("mesh/leak", "A machine reaches one that it must be kept from."),
    ("mesh/loss", "Packets are lost on the way: what is deployed over it hangs half-way."),
    ("mesh/latency", "Answers take so long that people and programs give up."),
    ("mesh/mtu", "Large packets do not pass: a login works, and the copy after it hangs."),
    (
        "mesh/same-address",
        "A machine has an address that is another's: packets go to whichever was heard last.",
    ),
    ("mesh/no-address", "A machine does not have its address on the overlay: nobody finds it there."),
    ("mesh/host-key", "Whoever answers at a machine's address does not prove to be the machine."),
    (
        "mesh/name",
        "A name does not lead to the machine that the configuration means by it: whoever calls that by name is lost.",
    ),
    ("mesh/wireguard", "WireGuard is not there, or does not answer."),
    ("mesh/handshake", "Two have not greeted each other for long: a key or an endpoint is no longer right."),
    ("mesh/allowed-ips", "No allowed IPs hold the address of one that must be reached."),
    ("mesh/yggdrasil", "Yggdrasil is not there, or does not answer."),
    ("mesh/identity", "A node has another key than the one that the fleet knows: so it has another address."),
    ("mesh/peer-down", "A peering of Yggdrasil is not up."),
    ("mesh/no-peers", "A node of Yggdrasil has no peer that is up."),
    ("mesh/zerotier", "ZeroTier is not there, not online, or not let into the network."),
    (
        "mesh/unadmitted",
        "A controller of ZeroTier does not admit a member: nobody hears it, and it does not know.",
    ),
    (
        "mesh/relayed",
        "Two meet over ZeroTier only through somebody else: slower, and not at all without that one.",
    ),
];

/// Whether a rule is about one machine towards another, and not about a machine or a daemon of it.
#[must_use]
pub fn is_of_pairs(rule: &str) -> bool {
    ALL.iter().position(|(known, _)| *known == rule).is_some_and(|at| at < OF_PAIRS)
}

/// So many of them, which stand first.
const OF_PAIRS: usize = 10;

/// Whether a rule is one of them.
#[must_use]
pub fn is_one(rule: &str) -> bool {
    ALL.iter().any(|(known, _)| *known == rule)
}
