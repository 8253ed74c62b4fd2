//! Who of a round was there, so that somebody is to blame if nobody meets it.
//!
//! Flows in: everybody's outlook, and whose the addresses are. Flows out: names. Who was not asked, went away while it was, or took
//! too long may be asleep: it was there if somebody else got an answer from it, and of nobody else is that known.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{Sighting, outlook::Outlook, pair::Outlooks};
use crate::machine::MachineName;

/// Those who answered us, or one another.
#[must_use]
pub fn present(outlooks: &Outlooks, owners: &BTreeMap<IpAddr, MachineName>) -> BTreeSet<MachineName> {
    let seen = || outlooks.iter().filter_map(|(name, outlook)| Some((name, outlook.sighting()?)));
    let taken: BTreeSet<IpAddr> = seen().flat_map(|(name, seen)| strange(name, seen, owners)).collect();
    let answered = seen().flat_map(|(_, seen)| seen.answered().filter(|at| !seen.addresses.contains(at)));
    let met = answered.filter(|at| !taken.contains(at)).filter_map(|at| owners.get(&at));
    let itself = outlooks.iter().filter(|(_, outlook)| answered_us(outlook)).map(|(name, _)| name);
    met.chain(itself).cloned().collect()
}

/// One that cannot be trusted stands in the machine's place all the same.
fn answered_us(outlook: &Outlook) -> bool {
    match outlook {
        Outlook::Seen(_) | Outlook::Denied(_) | Outlook::Distrusted(..) => true,
        Outlook::Offline(_) | Outlook::TimedOut(_) | Outlook::Broken(_) => false,
    }
}

/// Addresses that a machine has and that are another's: who answers there is not known.
fn strange<'a>(
    name: &'a MachineName,
    seen: &'a Sighting,
    owners: &'a BTreeMap<IpAddr, MachineName>,
) -> impl Iterator<Item = IpAddr> + 'a {
    let is_other = move |at: &&IpAddr| owners.get(at).is_some_and(|owner| owner != name);
    seen.addresses.iter().filter(is_other).copied()
}

/// Why nobody can tell whether a machine that nobody met was there.
pub(super) fn away(name: &MachineName, outlook: Option<&Outlook>) -> String {
    match outlook {
        Some(Outlook::Offline(why)) => format!("`{name}` is offline: {why}"),
        Some(Outlook::TimedOut(_)) => {
            format!("`{name}` gave no whole answer in time, and answers nobody else")
        }
        Some(Outlook::Broken(fault)) => {
            format!("`{name}` was not asked to the end, and answers nobody else: {}", fault.what)
        }
        _ => format!("`{name}` was not asked, and answers nobody else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sighting::lines, verdict::Fault};

    fn there(a: &str, b: Option<Outlook>) -> Vec<String> {
        let text = format!("{}\nicmp 6 raw\naddress fd00::a\n{a}\nend\n", lines::VERSION);
        let mut outlooks =
            Outlooks::from([("a".into(), Outlook::Seen(Box::new(lines::read(&text).unwrap())))]);
        outlooks.extend(b.map(|b| ("b".into(), b)));
        let owners = [("fd00::a", "a"), ("fd00::b", "b")];
        let owners = owners.map(|(at, owner)| (at.parse().unwrap(), MachineName::from(owner))).into();
        present(&outlooks, &owners).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn who_answers_somebody_is_there_and_who_was_not_asked_is_not() {
        let fault = Fault { what: "ssh ended without a word".into(), remedy: None, detail: vec![] };
        let away = || {
            let late = Outlook::TimedOut(std::time::Duration::ZERO);
            [None, Some(Outlook::Offline(String::new())), Some(late), Some(Outlook::Broken(fault.clone()))]
        };
        for b in away() {
            assert_eq!(there("ping fd00::b lost\ntcp [fd00::b]:22 silent", b.clone()), ["a"], "{b:?}");
            assert_eq!(there("ping fd00::b 400", b.clone()), ["a", "b"], "{b:?}");
            assert_eq!(there("tcp [fd00::b]:22 refused", b.clone()), ["a", "b"], "{b:?}");
            assert_eq!(there("address fd00::b\nping fd00::b 400", b), ["a"], "it meets itself");
        }
        assert_eq!(there("", Some(Outlook::Denied(String::new()))), ["a", "b"]);
    }
}
