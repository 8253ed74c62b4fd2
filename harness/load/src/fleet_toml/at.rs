//! Where in the file's tree the reader stands: the keys from the root inwards.
//!
//! Flows in: keys, one at a time. Flows out: a JSON pointer for programs, a dotted path for people.
//! Must not: know what stands there.

use model::facts::pointer;

/// A key and those around it. The root has none.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    inner: Option<(&'a At<'a>, &'a str)>,
}

impl<'a> At<'a> {
    pub(super) const ROOT: At<'static> = At { inner: None };

    /// What stands below here by this key.
    pub(super) fn child(&'a self, key: &'a str) -> Self {
        Self { inner: Some((self, key)) }
    }

    /// `/inventory/machines/cinnabar`
    pub(super) fn pointer(&self) -> String {
        pointer(self.keys())
    }

    /// `inventory.machines.cinnabar`, each key as TOML writes it.
    pub(super) fn path(&self) -> String {
        self.keys().into_iter().map(written).collect::<Vec<_>>().join(".")
    }

    fn keys(&self) -> Vec<&'a str> {
        let mut keys = Vec::new();
        let mut here = *self;
        while let Some((parent, key)) = here.inner {
            keys.push(key);
            here = *parent;
        }
        keys.reverse();
        keys
    }
}

fn written(key: &str) -> String {
    let bare =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { key.to_owned() } else { format!("{key:?}") }
}

#[cfg(test)]
mod tests {
    use super::At;

    #[test]
    fn a_path_is_written_for_programs_and_for_people() {
        let machines = At::ROOT.child("machines");
        let machine = machines.child("a/b c");
        assert_eq!(machine.pointer(), "/machines/a~1b c");
        assert_eq!(machine.path(), "machines.\"a/b c\"");
        assert_eq!((At::ROOT.pointer(), At::ROOT.path()), (String::new(), String::new()));
    }
}
