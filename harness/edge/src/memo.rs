//! The memo: an answer of nix that was expensive, kept for as long as everything that it was made from stays the same.
//!
//! Flows in: a key over everything that the answer depends on. Flows out: the answer, or nothing.
//! Must not: be relied on. A memo that is missing, damaged or of another key is no memo, and deleting it costs time only.

use std::{fs, path::PathBuf};

use model::digest::Digest;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::state::{State, StateError, write_atomically};

/// What is on disk: the key first, so that a memo can be read back only for what it was made from.
#[derive(Serialize)]
struct Kept<'a, T> {
    key: Digest,
    answer: &'a T,
}

#[derive(Deserialize)]
struct Found<T> {
    key: Digest,
    answer: T,
}

/// The answer that was kept under this name, if it was kept for this key.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the memo reads its own files")]
pub fn recall<T: DeserializeOwned>(state: &State, name: &str, key: Digest) -> Option<T> {
    let bytes = fs::read(file(state, name)).ok()?;
    let found: Found<T> = serde_json::from_slice(&bytes).ok()?;
    (found.key == key).then_some(found.answer)
}

/// Keeps an answer under a name; what was kept there before is gone.
///
/// # Errors
/// The file cannot be written. What was kept before is still there.
pub fn keep<T: Serialize>(state: &State, name: &str, key: Digest, answer: &T) -> Result<(), StateError> {
    let path = file(state, name);
    let bytes = serde_json::to_vec(&Kept { key, answer });
    let written = bytes.map_err(std::io::Error::other).and_then(|bytes| write_atomically(&path, &bytes));
    written.map_err(StateError::at("write", &path))
}

fn file(state: &State, name: &str) -> PathBuf {
    state.cache().join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test damages the file")]
    fn a_memo_is_recalled_for_its_own_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let key = Digest::of("a");
        assert_eq!(recall::<u32>(&state, "survey", key), None);
        keep(&state, "survey", key, &7_u32).unwrap();
        assert_eq!(recall(&state, "survey", key), Some(7_u32));
        assert_eq!(recall::<u32>(&state, "survey", Digest::of("b")), None);
        fs::write(file(&state, "survey"), "{torn").unwrap();
        assert_eq!(recall::<u32>(&state, "survey", key), None);
    }
}
