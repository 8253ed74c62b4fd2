//! `[[boot.asks]]`: what is asked of machines that were booted as guests.
//!
//! Flows in: the tables. Flows out: [`Ask`]s, each of one thing. Must not: know which machines and tags there are.

use model::{
    ask::{Ask, Asked, Protocol},
    machine::MachineName,
};
use toml::de::DeTable;

use super::{
    at::At,
    reader::{Reader, Value},
};

/// What may be asked, each with what may be said about it.
const KINDS: [(&str, &[&str]); 5] = [
    ("command", &["contains"]),
    ("file", &["group", "mode", "owner"]),
    ("http", &["contains", "status"]),
    ("port", &["protocol"]),
    ("unit", &[]),
];
/// Of whom.
const WHOM: [&str; 2] = ["machines", "tags"];

/// Reads all asks, in the order of the file. `at` is `[boot]`.
pub(super) fn read<'t>(reader: &mut Reader<'t>, at: &At<'_>, boot: &DeTable<'t>) -> Vec<Ask> {
    let Some(value) = reader.field(at, boot, "asks") else { return Vec::new() };
    let at = at.child("asks");
    let Some(entries) = value.get_ref().as_array() else {
        reader.wrong_type(&at, value, "a list of tables", Some("write `[[boot.asks]]`".to_owned()));
        return Vec::new();
    };
    let numbered = entries.iter().enumerate();
    numbered.filter_map(|(index, entry)| ask(reader, &at.child(&index.to_string()), entry)).collect()
}

fn ask<'t>(reader: &mut Reader<'t>, at: &At<'_>, entry: &Value<'t>) -> Option<Ask> {
    reader.mark(at, &entry.span());
    let fields = reader.as_table(at, entry)?;
    let asked: Vec<_> = KINDS.iter().filter(|(kind, _)| fields.contains_key(*kind)).collect();
    let [(kind, about)] = asked.as_slice() else {
        let known = KINDS.map(|(kind, _)| format!("`{kind}`")).join(", ");
        let message = if asked.is_empty() { "this asks nothing" } else { "this asks several things" };
        let help = format!("an entry states one of {known}");
        reader.error("one-ask", message.to_owned(), entry.span(), Some(help));
        return None;
    };
    let mut known: Vec<&str> = WHOM.iter().chain(*about).copied().chain([*kind]).collect();
    known.sort_unstable();
    reader.only(at, fields, &known);
    let what = what(reader, at, fields, kind);
    let machines = names(reader, at, fields, "machines");
    let machines = machines.map(|names| names.into_iter().map(MachineName).collect());
    Some(Ask { machines, tags: names(reader, at, fields, "tags"), what: what? })
}

fn what<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, kind: &str) -> Option<Asked> {
    let said: (&str, fn(&str) -> bool) = ("something", |text| !text.trim().is_empty());
    Some(match kind {
        "unit" => Asked::Unit { unit: reader.text_like(at, fields, "unit", said)? },
        "port" => {
            let words = [("tcp", Protocol::Tcp), ("udp", Protocol::Udp)];
            let protocol = reader.choice(at, fields, "protocol", &words).unwrap_or(Protocol::Tcp);
            Asked::Port { port: within(reader, at, fields, "port", 1, u16::MAX)?, protocol }
        }
        "file" => Asked::File {
            file: reader.text_like(
                at,
                fields,
                "file",
                ("a path from `/` on", |text| text.starts_with('/')),
            )?,
            owner: reader.text(at, fields, "owner"),
            group: reader.text(at, fields, "group"),
            mode: reader.text_like(at, fields, "mode", ("three or four octal digits", is_mode)),
        },
        "command" => Asked::Command {
            command: reader.text_like(at, fields, "command", said)?,
            contains: reader.text(at, fields, "contains"),
        },
        _ => Asked::Http {
            http: reader.text_like(at, fields, "http", ("a URL of http:// or https://", is_url))?,
            status: within(reader, at, fields, "status", 100, 599).unwrap_or(200),
            contains: reader.text(at, fields, "contains"),
        },
    })
}

fn within<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
    key: &str,
    least: u16,
    most: u16,
) -> Option<u16> {
    let said = reader.integer(at, fields, key)?;
    let number = u16::try_from(said).ok().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        let span = fields.get(key).map_or(0..0, toml::Spanned::span);
        let message = format!("`{}` is between {least} and {most}, not {said}", at.child(key).path());
        reader.error("bad-value", message, span, None);
    }
    number
}

/// Names of machines or tags. A list with nothing in it asks nobody.
fn names<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<Vec<String>> {
    let value = reader.field(at, fields, key)?;
    let at = at.child(key);
    let names = reader.texts(&at, value);
    for (index, (_, span)) in names.iter().enumerate() {
        reader.mark(&at.child(&index.to_string()), span);
    }
    if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        let help = "take it out to ask every NixOS machine".to_owned();
        reader.error("asks-nobody", format!("`{}` names nobody", at.path()), value.span(), Some(help));
    }
    Some(names.into_iter().map(|(name, _)| name).collect())
}

fn is_mode(text: &str) -> bool {
    (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte))
}

fn is_url(text: &str) -> bool {
    let uri: Result<http::Uri, _> = text.parse();
    uri.is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Ask>, Vec<String>> {
        let (fleet, problems) = super::super::parse("fleet.toml", text.as_bytes());
        fleet.map(|fleet| fleet.asks).ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_asks_one_thing() {
        let text = r#"
            [[boot.asks]]
            unit = "nginx"
            [[boot.asks]]
            tags = ["web"]
            port = 443
            [[boot.asks]]
            machines = ["a"]
            http = "http://localhost:8080/health"
            contains = "ok"
        "#;
        let asks = read(text).unwrap();
        let every = |what| Ask { machines: None, tags: None, what };
        assert_eq!(asks[0], every(Asked::Unit { unit: "nginx".to_owned() }));
        let port = Asked::Port { port: 443, protocol: Protocol::Tcp };
        assert_eq!(asks[1], Ask { tags: Some(vec!["web".to_owned()]), ..every(port) });
        let http = Asked::Http {
            http: "http://localhost:8080/health".to_owned(),
            status: 200,
            contains: Some("ok".to_owned()),
        };
        assert_eq!(asks[2], Ask { machines: Some(vec!["a".into()]), ..every(http) });
    }

    #[test]
    fn what_makes_no_sense_is_refused_at_its_place() {
        let text = "[[boot.asks]]\nmachines = []\nunit = \"a\"\n[[boot.asks]]\nport = 0\nprotocol = \"sctp\"\n\
                    [[boot.asks]]\n[[boot.asks]]\nunit = \"a\"\nport = 1\n[[boot.asks]]\nfile = \"etc\"\nmode = \"rwx\"\n\
                    [[boot.asks]]\nhttp = \"localhost\"\nowner = \"root\"\n";
        let problems = read(text).unwrap_err();
        let places: Vec<_> = problems.iter().filter_map(|problem| problem.split(": error").next()).collect();
        let lines = ["2:12", "5:8", "6:12", "7:1", "8:1", "12:8", "13:8", "15:8", "16:1"];
        assert_eq!(places, lines.map(|line| format!("fleet.toml:{line}")), "{problems:#?}");
    }
}
