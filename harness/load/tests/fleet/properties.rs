//! What holds for every `fleet.toml`: a sound one comes back as it was meant, with the place of each of its parts, and no
//! other text makes the reader fall.

use load::{diagnostic::Diagnostic, fleet_toml, lint::lint, resolve::resolve};
use model::{facts::pointer, fleet::Fleet};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{fleets, written};

fn parse(text: &str) -> (Option<Fleet>, Vec<Diagnostic>) {
    fleet_toml::parse("fleet.toml", text.as_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_what_is_read(inventory in fleets::inventory(), headers in 0..7usize) {
        let text = written::toml(&inventory, headers);
        let (fleet, problems) = parse(&text);
        prop_assert_eq!(problems, vec![], "{}", text);
        prop_assert_eq!(json!(fleet.expect("a fleet").inventory), json!(inventory), "{}", text);
    }

    #[test]
    fn each_part_has_the_place_of_its_key(inventory in fleets::inventory(), headers in 0..7usize) {
        let text = written::toml(&inventory, headers);
        let fleet = parse(&text).0.expect("a fleet");
        let document = json!({ "inventory": inventory });
        for (pointer, key) in parts(&document) {
            let place = fleet.places.iter().find(|(known, _)| *known == pointer).map(|(_, place)| place);
            let place = place.unwrap_or_else(|| panic!("{pointer} has no place in\n{text}"));
            let line = text.lines().nth(place.line as usize - 1).expect("the line is there");
            let rest: String = line.chars().skip(place.column as usize - 1).collect();
            prop_assert!(rest.starts_with(&key) || rest.starts_with(&json!(key).to_string()), "{}: {}", pointer, rest);
        }
    }

    #[test]
    fn bytes_make_no_reader_fall(bytes in vec(any::<u8>(), 0..200)) {
        let (fleet, problems) = fleet_toml::parse("fleet.toml", &bytes);
        prop_assert!(fleet.is_some() || !problems.is_empty());
    }

    #[test]
    fn near_misses_are_told_within_the_text(tokens in vec(select(TOKENS), 0..60)) {
        let text = tokens.concat();
        let (fleet, mut problems) = parse(&text);
        if let Some(fleet) = fleet {
            problems.extend(lint(&resolve(fleet), Some(&text)));
        }
        for problem in problems {
            prop_assert!(text.get(problem.span.clone()).is_some(), "{problem}");
            prop_assert!(problem.place.line as usize <= text.lines().count() + 1, "{problem}");
        }
    }

    #[test]
    fn a_fleet_with_one_character_wrong_makes_no_reader_fall(
        inventory in fleets::inventory(), headers in 0..7usize, at in any::<prop::sample::Index>(), wrong in "[\"\\[\\]{}=.,\n x\u{e4}]"
    ) {
        let mut characters: Vec<_> = written::toml(&inventory, headers).chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..=at, wrong.chars());
        parse(&characters.into_iter().collect::<String>());
    }
}

const TOKENS: &[&str] = &[
    "[inventory]\n",
    "[inventory.machines.a]\n",
    "[[waivers]]\n",
    "[inventory.tags]\n",
    "[inventory.instances.i.roles.r]\n",
    "[expressions]\n",
    "machines",
    "tags",
    "settings",
    "deploy",
    "rule",
    "expires",
    "trees",
    "a",
    "\"a\"",
    "\"ä\"",
    ".",
    ".",
    " = ",
    " = ",
    " = ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "1",
    "nan",
    "true",
    "2026-12-31",
    "''",
    "'''",
    "\"\"\"",
    "#",
    "\n",
    "\n",
    "\r\n",
    "\u{feff}",
    "\0",
    "_type",
    "\"if\"",
    "content",
    "_file",
    "config",
];

/// The pointer of each value of a document, with its key or, in a list, what it says. Null is nowhere written.
fn parts(document: &Value) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    collect("", document, &mut parts);
    parts
}

fn collect(at: &str, value: &Value, parts: &mut Vec<(String, String)>) {
    let entries: Vec<(String, String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (pointer([key.as_str()]), key.clone(), value)).collect()
        }
        Value::Array(values) => values
            .iter()
            .enumerate()
            .map(|(index, value)| (format!("/{index}"), written::element(value), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, shown, value) in entries.into_iter().filter(|(.., value)| !value.is_null()) {
        let at = format!("{at}{key}");
        parts.push((at.clone(), shown));
        collect(&at, value, parts);
    }
}
