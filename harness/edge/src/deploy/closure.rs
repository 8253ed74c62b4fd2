//! A store path that may stand in a script and in an argument list.
//!
//! Flows in: the closure of an order. Flows out: the same, checked. Must not: ask whether it is there.

use model::rollout::Closure;

/// Where nix's stores are, everywhere.
const STORE: &str = "/nix/store/";
/// Letters of the hash that a name begins with.
const HASH: usize = 32;

/// The path of a whole system in the store, in the letters that nix allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SystemPath(String);

/// A closure of an order is no store path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no path of a system in {STORE}")]
pub(super) struct NotAStorePath(String);

impl SystemPath {
    /// Nix's own rule: `nix-store(1)`, and `checkName` in its sources.
    pub(super) fn of(closure: &Closure) -> Result<Self, NotAStorePath> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._?=".contains(&byte);
        let named = closure.0.strip_prefix(STORE).filter(|name| name.bytes().all(fits));
        let hashed = named.and_then(|name| name.split_at_checked(HASH));
        let whole = hashed.is_some_and(|(hash, name)| {
            hash.bytes().all(|byte| byte.is_ascii_alphanumeric()) && name.len() > 1 && name.starts_with('-')
        });
        if whole { Ok(Self(closure.0.clone())) } else { Err(NotAStorePath(closure.0.clone())) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_path_in_the_store_gets_into_a_script() {
        let hash = "0c5fq6vwa5mfmhhp2jyxqbzdm2kikzj3";
        let read = |path: &str| SystemPath::of(&Closure(path.to_owned())).is_ok();
        assert!(read(&format!("/nix/store/{hash}-nixos-system-web-26.05")));
        for bad in ["", "-x y", "-x'; reboot; '", "-x/bin/sh", "", "-", "-$(x)", "-x\ny"] {
            assert!(!read(&format!("/nix/store/{hash}{bad}")), "{bad}");
        }
        assert!(!read("/nix/store/nixos-system") && !read(&format!("/run/{hash}-x")));
    }
}
