//! `[mesh]`: what the fleet's owner states about who reaches whom.
//!
//! Flows in: the tables of `[[mesh.exceptions]]`. Flows out: [`Exception`]s, each with a reason. Must not: know which
//! machines, tags and overlays there are.

use model::{
    exception::{Exception, Party},
    machine::MachineName,
    reach::Reach,
};
use toml::de::DeTable;

use super::{
    at::At,
    reader::{Reader, Value},
};

const REACHES: [(&str, Reach); 3] =
    [("must", Reach::Must), ("must-not", Reach::MustNot), ("unknown", Reach::Unknown)];

/// Reads all exceptions, in the order of the file.
pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &DeTable<'t>) -> Vec<Exception> {
    let Some(fields) = reader.table(&At::ROOT, root, "mesh") else { return Vec::new() };
    let mesh = At::ROOT.child("mesh");
    reader.only(&mesh, fields, &["exceptions"]);
    let Some(value) = reader.field(&mesh, fields, "exceptions") else { return Vec::new() };
    let at = mesh.child("exceptions");
    let Some(entries) = value.get_ref().as_array() else {
        reader.wrong_type(&at, value, "a list of tables", Some("write `[[mesh.exceptions]]`".to_owned()));
        return Vec::new();
    };
    let numbered = entries.iter().enumerate();
    numbered.filter_map(|(index, entry)| exception(reader, &at.child(&index.to_string()), entry)).collect()
}

fn exception<'t>(reader: &mut Reader<'t>, at: &At<'_>, entry: &Value<'t>) -> Option<Exception> {
    reader.mark(at, &entry.span());
    let fields = reader.as_table(at, entry)?;
    reader.only(at, fields, &["from", "overlay", "reach", "reason", "to"]);
    for key in ["from", "reach", "reason", "to"].into_iter().filter(|key| !fields.contains_key(*key)) {
        reader.error("missing-field", format!("an exception must state `{key}`"), entry.span(), None);
    }
    let place = reader.place(&entry.span());
    let from = party(reader, at, fields, "from");
    let to = party(reader, at, fields, "to");
    let overlay = reader.text(at, fields, "overlay");
    let reach = reader.choice(at, fields, "reach", &REACHES);
    let reason = reader.text_like(at, fields, "reason", ("a reason", |text| !text.trim().is_empty()));
    Some(Exception { from: from?, to: to?, overlay, reach: reach?, reason: reason?, place })
}

/// Who reaches, or is reached: never nobody.
fn party<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<Party> {
    let members = reader.table(at, fields, key)?;
    let span = fields.get(key).map(toml::Spanned::span).unwrap_or_default();
    let at = at.child(key);
    reader.only(&at, members, &["machines", "tags"]);
    let machines = names(reader, &at, members, "machines").into_iter().map(MachineName).collect();
    let party = Party { machines, tags: names(reader, &at, members, "tags") };
    if party == Party::default() {
        let help = "name some `machines`, or some `tags`; every machine carries the tag `all`".to_owned();
        reader.error("names-nobody", format!("`{}` names nobody", at.path()), span, Some(help));
    }
    Some(party)
}

fn names<'t>(reader: &mut Reader<'t>, at: &At<'_>, members: &DeTable<'t>, key: &str) -> Vec<String> {
    let Some(value) = reader.field(at, members, key) else { return Vec::new() };
    let at = at.child(key);
    let names = reader.texts(&at, value);
    for (index, (_, span)) in names.iter().enumerate() {
        reader.mark(&at.child(&index.to_string()), span);
    }
    names.into_iter().map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Exception>, Vec<String>> {
        let (fleet, problems) = super::super::parse("fleet.toml", text.as_bytes());
        fleet.map(|fleet| fleet.exceptions).ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_exception_says_who_and_why() {
        let text = r#"
            [[mesh.exceptions]]
            from = { machines = ["a"], tags = ["desk"] }
            to = { tags = ["all"] }
            overlay = "net"
            reach = "must-not"
            reason = "they are guests"
        "#;
        let exceptions = read(text).unwrap();
        let [exception] = exceptions.as_slice() else { panic!("{exceptions:?}") };
        assert_eq!(exception.from, Party { machines: vec!["a".into()], tags: vec!["desk".to_owned()] });
        assert_eq!(exception.to, Party { machines: vec![], tags: vec!["all".to_owned()] });
        assert_eq!((exception.overlay.as_deref(), exception.reach), (Some("net"), Reach::MustNot));
        assert_eq!((exception.reason.as_str(), exception.place.line), ("they are guests", 2));
        assert_eq!(read("[mesh]\n").unwrap(), []);
    }

    #[test]
    fn what_makes_no_sense_is_refused_at_its_place() {
        let text = "[mesh]\nrules = 1\n[[mesh.exceptions]]\nfrom = {}\nto = { tag = [\"a\"] }\nreach = \"may\"\nreason = \" \"\n\
                    [[mesh.exceptions]]\n";
        let problems = read(text).unwrap_err();
        let places: Vec<_> = problems.iter().filter_map(|problem| problem.split(": error").next()).collect();
        let lines = ["2:1", "4:8", "5:6", "5:8", "6:9", "7:10", "8:1", "8:1", "8:1", "8:1"];
        assert_eq!(places, lines.map(|line| format!("fleet.toml:{line}")), "{problems:#?}");
    }
}
