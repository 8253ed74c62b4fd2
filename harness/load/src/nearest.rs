//! What was probably meant by a name that is not known.
//!
//! Flows in: a word and the names that are known. Flows out: the nearest of them, if one is near.
//! Must not: take time that grows with the product of words and names; [`Nearest`] stops looking after a while.

/// Finds names that are near to a word, for as long as its patience lasts.
#[derive(Debug)]
pub(crate) struct Nearest {
    comparisons: usize,
}

/// Names longer than this many bytes are not compared.
const LONGEST: usize = 64;

impl Default for Nearest {
    fn default() -> Self {
        Self { comparisons: 100_000 }
    }
}

impl Nearest {
    /// The known name with the fewest edits from the word: at most one for each three of its characters.
    pub(crate) fn of<'a>(&mut self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let most = (word.len() / 3).max(1);
        let mut best: Option<(usize, &str)> = None;
        for name in known {
            if self.comparisons == 0 {
                break;
            }
            self.comparisons -= 1;
            let nearer =
                edits(word, name, most).filter(|edits| best.is_none_or(|(fewest, _)| *edits < fewest));
            best = nearer.map(|edits| (edits, name)).or(best);
        }
        best.map(|(_, name)| name)
    }

    /// The nearest known name as a question.
    pub(crate) fn question<'a>(
        &mut self,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        self.of(word, known).map(|name| format!("did you mean `{name}`?"))
    }
}

fn edits(word: &str, name: &str, most: usize) -> Option<usize> {
    if name.len().max(word.len()) > LONGEST || name.len().abs_diff(word.len()) > most {
        return None;
    }
    let edits = strsim::osa_distance(&word.to_lowercase(), &name.to_lowercase());
    (edits <= most).then_some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, known: &[&str], nearest: Option<&str>) {
        assert_eq!(Nearest::default().of(word, known.iter().copied()), nearest);
    }

    #[test]
    fn the_name_with_the_fewest_edits_is_meant() {
        check("cinabar", &["vermilion", "cinnabar"], Some("cinnabar"));
        check("machineclass", &["machineClass"], Some("machineClass"));
        check("tag", &["tags", "targetHost"], Some("tags"));
        check("web4", &["web1", "web4"], Some("web4"));
    }

    #[test]
    fn nothing_is_meant_by_a_word_far_from_all() {
        check("cinnabar", &["vermilion"], None);
        check("x", &[], None);
        check(&"a".repeat(65), &[&"a".repeat(65)], None);
    }

    #[test]
    fn patience_ends() {
        let mut nearest = Nearest { comparisons: 1 };
        assert_eq!(nearest.of("abc", ["xyz", "abd"]), None);
        assert_eq!(nearest.of("abc", ["abd"]), None);
    }
}
