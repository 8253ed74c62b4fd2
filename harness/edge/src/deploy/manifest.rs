//! What systems are made of, as the script tells that asks a store.
//!
//! Flows in: what `manifest.sh` printed, here or there. Flows out: manifests, whole ones. Must not: take half an answer for a
//! manifest.

use std::collections::BTreeMap;

use model::manifest::Manifest;

use super::{closure::SystemPath, script::quoted};

/// What was told of systems.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifests {
    /// Of the old system, where it is there.
    pub(super) old: Option<Manifest>,
    /// Of the new one.
    pub(super) new: Option<Manifest>,
    /// What the machine was started with.
    pub(super) booted: BTreeMap<String, String>,
}

/// The script that tells of them.
pub(super) fn script(old: Option<&SystemPath>, new: &SystemPath) -> String {
    let old = old.map_or("", SystemPath::as_str);
    format!("old={} new={}\n{}", quoted(old), quoted(new.as_str()), include_str!("manifest.sh"))
}

/// Reads it. `None` where a line says nothing, or sizes are not as many as paths.
pub(super) fn read(text: &str) -> Option<Manifests> {
    let mut it = Manifests::default();
    let mut systems = Vec::<(&str, Told)>::new();
    for line in text.lines() {
        let (kind, what) = line.split_once(' ')?;
        match kind {
            "system" => systems.push((what, Told::default())),
            "booted" => it.booted.extend([pair(what)?]),
            _ => systems.last_mut()?.1.hear(kind, what)?,
        }
    }
    for (which, told) in systems {
        match which {
            "old" => it.old = Some(told.whole()?),
            "new" => it.new = Some(told.whole()?),
            _ => return None,
        }
    }
    Some(it)
}

/// What was told of one system so far.
#[derive(Default)]
struct Told {
    paths: Vec<String>,
    sizes: Vec<u64>,
    rest: Manifest,
}

impl Told {
    fn hear(&mut self, kind: &str, what: &str) -> Option<()> {
        match kind {
            "path" => self.paths.push(what.to_owned()),
            "size" => self.sizes.push(what.parse().ok()?),
            "unit" => self.rest.units.extend([pair(what)?]),
            "boot" => self.rest.boot.extend([pair(what)?]),
            _ => return None,
        }
        Some(())
    }

    fn whole(self) -> Option<Manifest> {
        let whole = !self.paths.is_empty() && self.paths.len() == self.sizes.len();
        whole.then(|| Manifest { paths: self.paths.into_iter().zip(self.sizes).collect(), ..self.rest })
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, what) = text.split_once(' ')?;
    Some((name.to_owned(), what.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\
system old
path /nix/store/a-x-1
path /nix/store/b-y
size 120
size 8
boot kernel /nix/store/k/bzImage
unit sshd.service /nix/store/u-unit-sshd.service/sshd.service
system new
path /nix/store/a-x-2
size 120
boot kernel-params console=ttyS0 system path 1
booted kernel /nix/store/k/bzImage
";

    #[test]
    fn two_systems_are_read_apart() {
        let it = read(WHOLE).unwrap();
        let (old, new) = (it.old.unwrap(), it.new.unwrap());
        assert_eq!(
            (old.paths["/nix/store/b-y"], old.units.len(), old.boot["kernel"].as_str()),
            (8, 1, "/nix/store/k/bzImage")
        );
        assert_eq!((new.paths.len(), new.boot["kernel-params"].as_str()), (1, "console=ttyS0 system path 1"));
        assert_eq!(it.booted["kernel"], "/nix/store/k/bzImage");
    }

    #[test]
    fn nothing_is_told_of_what_is_not_there() {
        assert_eq!(read(""), Some(Manifests::default()));
    }

    #[test]
    fn half_an_answer_is_none() {
        for (part, by) in [
            ("size 8\n", ""),
            ("size 8", "size eight"),
            ("system old\n", ""),
            ("system new", "system other"),
            ("path /nix/store/a-x-2\nsize 120\n", ""),
            ("boot kernel /", "boot kernel"),
            ("unit ", "nonsense "),
        ] {
            let text = WHOLE.replacen(part, by, 1);
            assert_ne!(text, WHOLE, "{part}");
            assert_eq!(read(&text), None, "{part}");
        }
    }
}
