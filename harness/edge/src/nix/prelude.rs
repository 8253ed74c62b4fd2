//! What is asked, as Nix functions: `prelude.nix` and `facts.nix` as one line each.
//!
//! Flows in: the two files, at compile time. Flows out: an expression of one line.
//! Must not: hold Nix text of its own beyond what joins the two.

/// The functions for an evaluator whose answers are known by `nonce`, which must be letters and digits.
pub(crate) fn expression(nonce: &str) -> String {
    let prelude = one_line(include_str!("prelude.nix"));
    let facts = one_line(include_str!("facts.nix"));
    format!("(({prelude}) \"{nonce}\" ({facts}))")
}

/// Comments and indentation dropped. Holds for files whose comments, and no strings, begin lines with `#`.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_one_line_of_printable_text() {
        let sent = expression("N0");
        assert!(!sent.contains(['\n', '\t', '\r']));
        assert!(sent.len() < 32_000, "{} bytes are read slowly by the evaluator's line editor", sent.len());
    }
}
