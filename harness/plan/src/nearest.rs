//! "Did you mean": the known name that is nearest to an unknown one.
//!
//! In: a name and those that are known. Out: the nearest, if any is near. It must not decide whether a name is wrong.

/// Jaro-Winkler similarity below which a suggestion would only confuse; clap uses 0.7 for the same.
const NEAR: f64 = 0.75;

/// Characters of a name that are compared, which bounds the work of one comparison.
const COMPARED: usize = 128;

/// The known name that is most like `name`. Of equally near ones the first.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = front(name);
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let near = strsim::jaro_winkler(name, front(candidate));
        if near >= NEAR && best.is_none_or(|(so_far, _)| near > so_far) {
            best = Some((near, candidate));
        }
    }
    best.map(|(_, found)| found.to_owned())
}

fn front(name: &str) -> &str {
    name.char_indices().nth(COMPARED).map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_the_name_that_was_meant() {
        assert_eq!(nearest("cinabar", ["magnetite", "cinnabar"]).as_deref(), Some("cinnabar"));
    }

    #[test]
    fn of_several_the_nearest_is_meant_and_of_equals_the_first() {
        assert_eq!(nearest("host-1", ["host-22", "host-11", "host-222"]).as_deref(), Some("host-11"));
        assert_eq!(nearest("host-1", ["host-2", "host-3"]).as_deref(), Some("host-2"));
    }

    #[test]
    fn something_else_altogether_finds_nothing() {
        assert_eq!(nearest("xyz", ["magnetite", "cinnabar"]), None);
    }

    #[test]
    fn long_names_are_compared_by_their_beginning() {
        let long = "ä".repeat(5000);
        assert_eq!(nearest(&long, [long.as_str()]), Some(long.clone()));
    }
}
