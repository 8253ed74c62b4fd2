//! A name of a host, as resolvers take it.
//!
//! Flows in: text. Flows out: a name that was checked. Must not: let through what a shell would read as more than a word.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A name that is a word for any shell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

/// A text is no name of a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host name: letters, digits, `-`, `_` and dots, at most 253, and no hyphen first")]
pub struct NotAName(pub String);

impl HostName {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for HostName {
    type Error = NotAName;

    fn try_from(name: String) -> Result<Self, NotAName> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > 253 || name.starts_with('-') || !name.bytes().all(fits) {
            return Err(NotAName(name));
        }
        Ok(Self(name))
    }
}

impl FromStr for HostName {
    type Err = NotAName;

    fn from_str(name: &str) -> Result<Self, NotAName> {
        name.to_owned().try_into()
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0
    }
}
