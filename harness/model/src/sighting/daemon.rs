//! What asking a daemon came to, where it may not be there, may not be ours to ask, or may be of another version.

/// The answer of a daemon of the machine that was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Daemon<T> {
    /// Nobody asked.
    #[default]
    Unasked,
    /// Its program is not there.
    Absent,
    /// The user may not ask it. Its words.
    Denied(String),
    /// It gave no answer in time.
    Late,
    /// Its program failed: it does not run, as a rule. Its words.
    Failed(String),
    /// It said something that is not read here: another version, as a rule. Why.
    Unreadable(String),
    /// What it said.
    Said(T),
}

impl<T> Daemon<T> {
    /// What it said, if it did.
    #[must_use]
    pub fn said(&self) -> Option<&T> {
        if let Self::Said(said) = self { Some(said) } else { None }
    }

    /// Reads what it answered, if it did.
    pub(super) fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, String>) -> Daemon<U> {
        match self {
            Self::Unasked => Daemon::Unasked,
            Self::Absent => Daemon::Absent,
            Self::Denied(words) => Daemon::Denied(words),
            Self::Late => Daemon::Late,
            Self::Failed(words) => Daemon::Failed(words),
            Self::Unreadable(why) => Daemon::Unreadable(why),
            Self::Said(said) => read(said).map_or_else(Daemon::Unreadable, Daemon::Said),
        }
    }
}

/// Words by which programs say that it is for root alone.
const DENIED: [&str; 4] = ["permission denied", "not permitted", "authtoken", "access denied"];

/// What a program that ended with an error means: by its exit code and its words.
pub(super) fn failed<T>(code: &str, words: &str) -> Daemon<T> {
    let lower = words.to_lowercase();
    match code {
        // By `timeout`, by SIGKILL, by SIGALRM, by SIGTERM.
        "124" | "137" | "142" | "143" => Daemon::Late,
        _ if DENIED.iter().any(|word| lower.contains(word)) => Daemon::Denied(words.to_owned()),
        _ => Daemon::Failed(words.to_owned()),
    }
}
