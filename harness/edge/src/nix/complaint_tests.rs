//! Texts of errors as nix 2.34.8 and 2.18 print them.

use proptest::prelude::*;

use super::*;

const RED: &str = "\u{1b}[31;1m";
const AT: &str = "\u{1b}[34;1mat \u{1b}[35;1m";
const OFF: &str = "\u{1b}[0m";

fn spot(file: &str, line: u32, column: u32) -> Option<Spot> {
    Some(Spot { file: file.to_owned(), line, column })
}

#[test]
fn an_error_without_a_trace_is_read() {
    let text = format!(
        "{RED}error:{OFF} undefined variable '\u{1b}[35;1mx{OFF}'\n       {AT}/f.nix:1:2{OFF}:\n            1| x\n             |  \u{1b}[31;1m^{OFF}"
    );
    let complaint = Complaint::of_text(&text).unwrap();
    assert_eq!(complaint.message, "undefined variable 'x'");
    assert_eq!(complaint.at, spot("/f.nix", 1, 2));
    assert_eq!(complaint.frames, []);
}

#[test]
fn a_trace_is_read_innermost_first() {
    let text = format!(
        "{RED}error:{OFF}\n       … while evaluating the attribute '\u{1b}[35;1mb{OFF}'\n         {AT}/f.nix:1:75{OFF}:\n            1| code\n             | ^\n\n       … while calling the '\u{1b}[35;1mthrow{OFF}' builtin\n         {AT}/f.nix:1:82{OFF}:\n            1| code\n\n       {RED}error:{OFF} hello \"x\"\n        multi"
    );
    let complaint = Complaint::of_text(&text).unwrap();
    assert_eq!(complaint.message, "hello \"x\"\n multi");
    assert_eq!(complaint.at, None);
    let frames: Vec<_> =
        complaint.frames.iter().map(|frame| (frame.text.as_str(), frame.at.clone())).collect();
    assert_eq!(
        frames,
        [
            ("while calling the 'throw' builtin", spot("/f.nix", 1, 82)),
            ("while evaluating the attribute 'b'", spot("/f.nix", 1, 75)),
        ]
    );
}

#[test]
fn the_blank_line_of_nix_2_18_makes_no_difference() {
    let text = format!(
        "{RED}error:{OFF}\n       … while calling the '\u{1b}[35;1mthrow{OFF}' builtin\n\n         {AT}/f.nix:1:82{OFF}:\n\n            1| code\n\n       {RED}error:{OFF} no"
    );
    let complaint = Complaint::of_text(&text).unwrap();
    assert_eq!(complaint.message, "no");
    assert_eq!(complaint.frames[0].at, spot("/f.nix", 1, 82));
}

#[test]
fn a_suggestion_is_not_part_of_the_message() {
    let text = format!(
        "{RED}error:{OFF} attribute 'ab' missing\n       {AT}/f.nix:1:2{OFF}:\n            1| x\n       Did you mean a?"
    );
    assert_eq!(Complaint::of_text(&text).unwrap().message, "attribute 'ab' missing");
    let text = format!("{RED}error:{OFF} attribute 'ab' missing\n       Did you mean a?");
    assert_eq!(Complaint::of_text(&text).unwrap().message, "attribute 'ab' missing");
}

#[test]
fn a_message_that_starts_with_an_empty_line_is_no_trace() {
    let text = format!("{RED}error:{OFF} \n       second");
    assert_eq!(Complaint::of_text(&text).unwrap().message, "\nsecond");
}

#[test]
fn what_is_no_error_is_none() {
    assert_eq!(Complaint::of_text("trace: error: x"), None);
    assert_eq!(Complaint::of_text("\u{1b}[35;1mwarning:\u{1b}[0m x"), None);
}

#[test]
fn positions_are_named_in_two_ways() {
    assert_eq!(Some(Spot::of_parts("/f.nix:1:82", 1, 82)), spot("/f.nix", 1, 82));
    assert_eq!(Some(Spot::of_parts("/f.nix", 1, 82)), spot("/f.nix", 1, 82));
    assert_eq!(Spot::of_name("«string»:1:2"), spot("«string»", 1, 2));
    assert_eq!(Spot::of_name("/f.nix"), None);
}

#[test]
fn what_is_meant_for_terminals_goes() {
    assert_eq!(plain("\u{1b}[31;1mred\u{1b}[0m \u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\!"), "red link!");
    assert_eq!(plain("a\tb\r\n"), "a       b\n");
    assert_eq!(plain("\u{1b}"), "");
}

#[test]
fn a_long_message_is_cut_at_a_character() {
    let long = "ä".repeat(LONGEST);
    let short = cut(&long);
    assert!(short.len() < LONGEST + 40 && short.ends_with("bytes more)"), "{}", short.len());
    assert_eq!(cut("short"), "short");
}

#[test]
fn a_nudge_is_known_by_its_line() {
    let told =
        |message: &str, at: &str| Complaint { at: Spot::of_name(at), ..Complaint::plain(message) }.is_nudge();
    assert!(told("syntax error, unexpected 'let'", "«string»:2:1"));
    assert!(told("syntax error, unexpected LET", ""));
    assert!(!told("syntax error, unexpected 'let'", "/f.nix:2:1"));
    assert!(!told("syntax error, unexpected end of file", "«string»:2:1"));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        let _ = Complaint::of_text(&text);
        let _ = Complaint::of_text(&format!("{ERROR}{text}"));
        let _ = Complaint::of_text(&format!("{ERROR}\n{text}\n{INDENT}{ERROR} {text}"));
        let left = plain(&text).contains('\u{1b}');
        prop_assert!(!left);
    }

    #[test]
    fn any_message_of_one_line_is_read_back(message in "[a-zA-Z0-9 .,:'-]{1,40}") {
        let told = Complaint::of_text(&format!("{ERROR} {message}")).unwrap();
        prop_assert_eq!(told.message, message.trim_end());
    }
}
