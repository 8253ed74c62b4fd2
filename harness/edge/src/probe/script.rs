//! The script that asks, with its questions in it.
//!
//! Flows in: questions. Flows out: text for `sh -s`. Must not: let anything into the text that a shell reads as more than a
//! word: addresses and numbers are made of types here, and names were checked.

use std::{fmt::Write as _, net::IpAddr};

use data_encoding::HEXLOWER;
use model::sighting::questions::Questions;

const HOST: &str = include_str!("host.sh");
const PROBER: &str = include_str!("prober.pl");

/// With what a machine is to ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Means {
    /// One process of perl where there is perl, else the system's tools.
    #[default]
    Best,
    /// The system's own tools: a process for each target.
    Tools,
}

/// The whole script. A shell reads it to its end before it begins, and gives nobody the rest to read.
#[must_use]
pub fn script(questions: &Questions, means: Means) -> String {
    let mut text = String::with_capacity(HOST.len() + PROBER.len() + 4096);
    let tools = match means {
        Means::Best => "perl",
        Means::Tools => "tools",
    };
    let daemons: Vec<_> = questions.daemons.iter().map(|kind| kind.module()).collect();
    let _infallible = write!(
        text,
        "{{\ntools={tools}\ndaemons='{}'\nasks='{}'\nprober='{PROBER}'\n{HOST}}} </dev/null\n",
        daemons.join(" "),
        asks(questions)
    );
    text
}

fn asks(questions: &Questions) -> String {
    let Questions { count, interval, wait, limit, mtu, .. } = questions;
    let count = (*count).clamp(1, 1000);
    let [interval, wait, limit] = [interval, wait, limit].map(std::time::Duration::as_secs_f64);
    let mut text = format!("limits {count} {interval:.3} {wait:.3} {limit:.3} {}\n", u8::from(*mtu));
    for address in &questions.pings {
        let _infallible = writeln!(text, "ping {address} {}", octets(*address));
    }
    for place in &questions.knocks {
        let _infallible = writeln!(text, "tcp {} {} {}", place.ip(), place.port(), octets(place.ip()));
    }
    for name in &questions.names {
        let _infallible = writeln!(text, "name {}", name.as_str());
    }
    text
}

/// An address as it stands in a packet, in hexadecimal digits: nobody there has to read the other form.
fn octets(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => HEXLOWER.encode(&address.octets()),
        IpAddr::V6(address) => HEXLOWER.encode(&address.octets()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prober_stands_within_single_quotes() {
        assert!(!PROBER.contains('\''));
    }

    #[test]
    fn questions_are_words() {
        let mut questions = Questions { count: 0, ..Questions::default() };
        questions.pings.insert("fd00::3".parse().unwrap());
        questions.knocks.insert("[fd00::3]:22".parse().unwrap());
        questions.resolve("b.mesh").unwrap();
        let said = "limits 1 0.200 2.000 20.000 1\nping fd00::3 fd000000000000000000000000000003\n\
            tcp fd00::3 22 fd000000000000000000000000000003\nname b.mesh\n";
        assert_eq!(asks(&questions), said);
        assert!(script(&questions, Means::Best).contains(said));
    }
}
