//! The version of a nix.
//!
//! Flows in: what `nix --version` prints. Flows out: a [`Version`]. Must not: start anything.

use std::fmt;

/// The number of a nix: of 2.34.8 the three parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 2
    pub major: u32,
    /// 34
    pub minor: u32,
    /// 8; 0 for a build before the release, such as `2.19pre20230913_abc`.
    pub patch: u32,
}

impl Version {
    /// The oldest that seaworthy works with: the one of NixOS 23.11, which nixpkgs still supports.
    pub const OLDEST: Self = Self::new(2, 18);
    /// From here on, `FLAKE#.` names the outputs as a whole.
    pub(crate) const WHOLE_OUTPUTS: Self = Self::new(2, 19);
    /// Until here, `nix repl FLAKE` was an experimental feature of its own.
    pub(crate) const REPL_FLAKE: Self = Self::new(2, 22);

    /// Before this, a repl took a file that ends too early for a line of its own that goes on.
    pub(crate) const REPL_TELLS_FILES: Self = Self::new(2, 30);

    const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, patch: 0 }
    }

    /// Reads `nix (Nix) 2.34.8`, and the like of its forks: `nix (Determinate Nix 3.6.2) 2.29.0`.
    #[must_use]
    pub fn parse(said: &str) -> Option<Self> {
        let line = said.lines().find(|line| line.starts_with("nix "))?;
        let number = line.split_ascii_whitespace().next_back()?;
        let mut parts = number.split('.').map(leading_digits);
        let (major, minor) = (parts.next()??, parts.next()??);
        Some(Self { major, minor, patch: parts.next().flatten().unwrap_or(0) })
    }
}

fn leading_digits(part: &str) -> Option<u32> {
    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    part.get(..end)?.parse().ok()
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(said: &str, version: Option<&str>) {
        assert_eq!(Version::parse(said).map(|version| version.to_string()).as_deref(), version);
    }

    #[test]
    fn the_forms_in_use_are_read() {
        check("nix (Nix) 2.34.8\n", Some("2.34.8"));
        check("nix (Nix) 2.18.1", Some("2.18.1"));
        check("nix (Nix) 2.19pre20230913_abcdef0\n", Some("2.19.0"));
        check("nix (Determinate Nix 3.6.2) 2.29.0\n", Some("2.29.0"));
        check("nix (Lix, like Nix) 2.91.1\nSystem type: x86_64-linux\n", Some("2.91.1"));
        check("warning: something\nnix (Nix) 2.24.10\n", Some("2.24.10"));
    }

    #[test]
    fn anything_else_is_not() {
        check("", None);
        check("command not found", None);
        check("nix (Nix)", None);
        check("nix (Nix) two.three", None);
        check("nix (Nix) 99999999999.1", None);
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let version = |said| Version::parse(said);
        assert!(version("nix (Nix) 2.8.0") < Some(Version::OLDEST));
        assert!(version("nix (Nix) 2.100.0") > version("nix (Nix) 2.34.8"));
    }

    proptest! {
        #[test]
        fn no_text_panics(said in ".*") {
            let _ = Version::parse(&said);
        }
    }
}
