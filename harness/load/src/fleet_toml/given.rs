//! `[boot.given.<machine>]`: what is booted of a machine whose configuration offers nothing that boots.
//!
//! Flows in: the tables. Flows out: [`Given`]s, by machine. Must not: look for a file or an output, or know which machines
//! there are.

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

use model::{fleet::Given, machine::MachineName};
use toml::{
    Spanned,
    de::{DeString, DeTable},
};

use super::{at::At, reader::Reader};

/// Reads all of them. `at` is `[boot]`.
pub(super) fn read<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    boot: &DeTable<'t>,
) -> BTreeMap<MachineName, Given> {
    let mut all = BTreeMap::new();
    let Some(entries) = reader.table(at, boot, "given") else { return all };
    let at = at.child("given");
    for (name, value) in entries {
        let here = at.child(name.get_ref());
        reader.mark(&here, &name.span());
        let given = reader.as_table(&here, value).and_then(|fields| given(reader, &here, name, fields));
        all.extend(given.map(|given| (MachineName::from(name.get_ref().as_ref()), given)));
    }
    all
}

fn given<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    name: &Spanned<DeString<'t>>,
    fields: &DeTable<'t>,
) -> Option<Given> {
    reader.only(at, fields, &["append", "initrd", "kernel", "root"]);
    let mut part = |key: &str| {
        let form = "an output of the flake such as \".#kernel\" or a path in the fleet's folder such as \"boot/vmlinuz\"";
        reader.text_like(at, fields, key, (form, is_part))
    };
    let (kernel, initrd, root) = (part("kernel"), part("initrd"), part("root"));
    if !fields.contains_key("kernel") {
        let message = format!("`{}` must state `kernel`", at.path());
        reader.error("missing-field", message, name.span(), None);
    }
    let one_line = ("one line", (|text| !text.contains('\n')) as fn(&str) -> bool);
    let append = reader.text_like(at, fields, "append", one_line).unwrap_or_default();
    Some(Given { kernel: kernel?, initrd, root, append })
}

/// What is outside of the fleet's folder is no part of the fleet, and its content is in no evidence.
fn is_part(text: &str) -> bool {
    if let Some(output) = text.strip_prefix(".#") {
        return !output.is_empty() && !output.contains(char::is_whitespace) && !output.contains('^');
    }
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !text.is_empty() && !text.contains('#') && Path::new(text).components().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BTreeMap<MachineName, Given>, Vec<String>> {
        let (fleet, problems) = super::super::parse("fleet.toml", text.as_bytes());
        fleet.map(|fleet| fleet.boot.given).ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_machine_is_given_outputs_of_the_flake_and_files_of_the_fleet() {
        let text = "[boot.given.a]\nkernel = \".#guestKernel\"\ninitrd = \"boot/initrd\"\nappend = \"quiet\"\n[boot.given.b]\nkernel = \"k\"\n";
        let given = read(text).unwrap();
        let a = Given {
            kernel: ".#guestKernel".to_owned(),
            initrd: Some("boot/initrd".to_owned()),
            root: None,
            append: "quiet".to_owned(),
        };
        assert_eq!(given.get("a"), Some(&a));
        assert_eq!(given.get("b").map(|given| given.append.as_str()), Some(""));
    }

    #[test]
    fn what_is_no_part_of_the_fleet_is_refused_at_its_place() {
        let text = "[boot.given.a]\nkernel = \"/boot/vmlinuz\"\ninitrd = \"../initrd\"\nroot = \"github:a/b#c\"\nappend = \"a\\nb\"\nscreen = 1\n";
        let problems = read(text).unwrap_err();
        let places: Vec<&str> =
            problems.iter().filter_map(|problem| problem.split(": error").next()).collect();
        assert_eq!(
            places,
            ["fleet.toml:2:10", "fleet.toml:3:10", "fleet.toml:4:8", "fleet.toml:5:10", "fleet.toml:6:1"]
        );
    }

    #[test]
    fn without_a_kernel_nothing_boots() {
        let problems = read("[boot.given.a]\nroot = \".#disk\"\n").unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("fleet.toml:1:"), "{problems:?}");
        assert!(problems[0].contains("`boot.given.a` must state `kernel`"), "{problems:?}");
    }
}
