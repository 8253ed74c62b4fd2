//! The lines of a prober, read to a [`Sighting`].
//!
//! One fact a line, words apart by blanks, in any order; the last line is `end`. A line that is not known is an error and
//! not a blank spot: a prober of another version must not look like a network that is silent.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use super::{
    Icmp, Knock, PathMtu, Resolved, Sighting,
    daemon::{self, Daemon},
    wireguard::Wireguard,
    yggdrasil::Yggdrasil,
    zerotier::Zerotier,
};

/// The first line of every answer.
pub const VERSION: &str = "sighting 1";

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It does not begin as it should.
    #[error("the prober's answer does not begin with `{VERSION}`")]
    Version,
    /// It stops before its end.
    #[error("the prober's answer stops before its end")]
    Short,
    /// A line makes no sense.
    #[error("the prober's answer holds a line that makes no sense: `{0}`")]
    Line(String),
}

/// Daemons' own words, gathered before they are read: several lines make one answer.
#[derive(Default)]
struct Words<'a> {
    wireguard: Daemon<Vec<&'a str>>,
    yggdrasil: Daemon<[String; 2]>,
    zerotier: Daemon<[String; 4]>,
}

/// Reads a whole answer.
///
/// # Errors
/// It is cut short, or of another version.
pub fn read(text: &str) -> Result<Sighting, Unread> {
    let mut lines = text.lines().filter(|line| !line.is_empty());
    if lines.next() != Some(VERSION) {
        return Err(Unread::Version);
    }
    let (mut seen, mut words) = (Sighting::default(), Words::default());
    for line in lines.by_ref() {
        if line == "end" {
            seen.wireguard = words.wireguard.and_then(|lines| Wireguard::read(&lines));
            seen.yggdrasil = words.yggdrasil.and_then(|[me, peers]| Yggdrasil::read(&me, &peers));
            seen.zerotier = words.zerotier.and_then(|[a, b, c, d]| Zerotier::read(&a, &b, &c, &d));
            return Ok(seen);
        }
        take(&mut seen, &mut words, line).ok_or_else(|| Unread::Line(line.chars().take(200).collect()))?;
    }
    Err(Unread::Short)
}

fn take<'a>(seen: &mut Sighting, words: &mut Words<'a>, line: &'a str) -> Option<()> {
    let (head, rest) = line.split_once(' ').unwrap_or((line, ""));
    match head {
        "prober" => seen.prober = rest.to_owned(),
        "icmp" => {
            let (family, means) = rest.split_once(' ')?;
            *(if family == "4" { &mut seen.icmp4 } else { &mut seen.icmp6 }) = means_of(means)?;
        }
        "address" => {
            seen.addresses.insert(parse(rest)?);
        }
        "heard" => {
            seen.heard.insert(parse(rest)?);
        }
        "ping" => ping(seen, rest)?,
        "said" => said(seen, rest)?,
        "tcp" => {
            let (place, knock) = rest.split_once(' ')?;
            seen.knocks.insert(parse::<SocketAddr>(place)?, knock_of(knock)?);
        }
        "mtu" => {
            let [address, passed, interface] = rest.split(' ').collect::<Vec<_>>()[..] else { return None };
            let passed = if passed == "none" { None } else { Some(parse(passed)?) };
            seen.mtus.insert(parse(address)?, PathMtu { passed, interface: parse(interface)? });
        }
        "name" => {
            let (name, answer) = rest.split_once(' ')?;
            seen.names.insert(name.to_owned(), resolved(answer)?);
        }
        "wireguard" => wireguard(&mut words.wireguard, rest)?,
        "yggdrasil" => document(&mut words.yggdrasil, &["self", "peers"], rest)?,
        "zerotier" => document(&mut words.zerotier, &["info", "networks", "peers", "members"], rest)?,
        _ => return None,
    }
    Some(())
}

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn means_of(word: &str) -> Option<Icmp> {
    Some(match word {
        "none" => Icmp::None,
        "raw" => Icmp::Raw,
        "datagram" => Icmp::Datagram,
        "program" => Icmp::Program,
        _ => return None,
    })
}

/// `<address> <microseconds>|lost`, one a request; `<address> unsent <why>`, once.
fn ping(seen: &mut Sighting, rest: &str) -> Option<()> {
    let (address, answer) = rest.split_once(' ')?;
    let echoes = seen.echoes.entry(parse::<IpAddr>(address)?).or_default();
    match answer.split_once(' ') {
        Some(("unsent", why)) => echoes.unsent = Some(why.to_owned()),
        Some(_) => return None,
        None if answer == "lost" => echoes.answers.push(None),
        None => echoes.answers.push(Some(Duration::from_micros(parse(answer)?))),
    }
    Some(())
}

/// `<address> <requests> <line of ping>`: the program's words, `.. icmp_seq=1 ttl=64 time=0.042 ms`, or busybox's `seq=0`.
fn said(seen: &mut Sighting, rest: &str) -> Option<()> {
    let mut words = rest.splitn(3, ' ');
    let (address, count, line) = (words.next()?, parse::<u16>(words.next()?)?, words.next()?);
    let echoes = seen.echoes.entry(parse::<IpAddr>(address)?).or_default();
    echoes.answers.resize(usize::from(count.min(1000)), None);
    let time = line.split_whitespace().find_map(|word| word.strip_prefix("time="));
    let Some(millis) = time.and_then(parse::<f64>) else { return Some(()) };
    let time = Duration::try_from_secs_f64(millis / 1000.0).ok()?;
    // Which request it answers does not matter, but that a repeated answer is no other request's.
    if !line.contains("DUP!") {
        *echoes.answers.iter_mut().rev().find(|answer| answer.is_none())? = Some(time);
    }
    Some(())
}

fn knock_of(words: &str) -> Option<Knock> {
    Some(match words.split_once(' ').unwrap_or((words, "")) {
        ("open", "") => Knock::Open(None),
        ("open", time) => Knock::Open(Some(Duration::from_micros(parse(time)?))),
        ("refused", _) => Knock::Refused,
        ("silent", _) => Knock::Silent,
        ("unreachable", _) => Knock::Unreachable,
        ("no-means", _) => Knock::NoMeans,
        ("other", words) => Knock::Other(words.to_owned()),
        _ => return None,
    })
}

fn resolved(words: &str) -> Option<Resolved> {
    Some(match words {
        "nowhere" => Resolved::Nowhere,
        "late" => Resolved::Late,
        // An address of a single link, `fe80::1%eth0`, leads nowhere from elsewhere.
        _ => Resolved::To(words.split(' ').filter_map(parse).collect::<BTreeSet<_>>()).or_nowhere(),
    })
}

impl Resolved {
    fn or_nowhere(self) -> Self {
        if matches!(&self, Self::To(to) if to.is_empty()) { Self::Nowhere } else { self }
    }
}

/// What all daemons may come to instead of an answer.
fn silence<T>(rest: &str) -> Option<Daemon<T>> {
    if rest == "absent" {
        return Some(Daemon::Absent);
    }
    let (code, words) = rest.strip_prefix("failed ")?.split_once(' ')?;
    Some(daemon::failed(code, words))
}

fn wireguard<'a>(words: &mut Daemon<Vec<&'a str>>, rest: &'a str) -> Option<()> {
    match (silence(rest), words) {
        (Some(nothing), words) => *words = nothing,
        (None, Daemon::Said(lines)) => lines.push(rest),
        (None, words) => *words = Daemon::Said(vec![rest]),
    }
    Some(())
}

/// A daemon that answers several questions, each with a document of one or more lines.
fn document<const N: usize>(words: &mut Daemon<[String; N]>, parts: &[&str; N], rest: &str) -> Option<()> {
    if let Some(nothing) = silence(rest) {
        *words = nothing;
        return Some(());
    }
    let (part, line) = rest.split_once(' ').unwrap_or((rest, ""));
    let at = parts.iter().position(|known| *known == part)?;
    if matches!(words, Daemon::Unasked) {
        *words = Daemon::Said(std::array::from_fn(|_| String::new()));
    }
    // Of one that failed at another question, the rest is of no use.
    if let Daemon::Said(all) = words {
        let text = all.get_mut(at)?;
        text.push_str(line);
        text.push('\n');
    }
    Some(())
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
