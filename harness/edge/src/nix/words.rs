//! What nix's programs say when they fail, as part of a sentence of ours.
//!
//! Flows in: their words. Flows out: the reason. Must not: touch what is shown as a text of nix's own, line by line.

const ERROR: &str = "error: ";

/// The reason in words that may hold nix's: without the `error: ` at their beginning, or where a script has embedded them.
pub(crate) fn reason(words: &str) -> String {
    let words = words.trim();
    let words = words.strip_prefix(ERROR).unwrap_or(words).replace(&format!(": {ERROR}"), ": ");
    words.trim_end_matches(['.', ':']).to_owned()
}

/// The reason in what a program of nix's complained. The first error is the cause, and the last line is often only where it was met.
pub(crate) fn of_complaint(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| line.starts_with(ERROR)).or_else(|| lines().next_back());
    reason(line.unwrap_or("nix said nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_told() {
        assert_eq!(of_complaint(b"warning: x\nerror: no space left\nsomewhere.\n"), "no space left");
        assert_eq!(of_complaint(b"Connection reset.\n"), "Connection reset");
        assert_eq!(of_complaint(b""), "nix said nothing");
    }

    #[test]
    fn a_sentence_that_holds_nixs_words_is_one_sentence() {
        let said = "the boot loader was not set: error: writing to file: No space left on device";
        assert_eq!(reason(said), "the boot loader was not set: writing to file: No space left on device");
        assert_eq!(reason("an error: it is one"), "an error: it is one");
    }
}
