//! The matrix for a person at a terminal.
//!
//! In: an extract and the look of the screen. Out: text: of each overlay what is special, then the table, then why nobody can
//! tell. It must not hide that something was left out.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use model::{
    matrix::{Mesh, Pair},
    overlay::Given,
    reach::Reach,
};

use super::{
    Extract,
    counts::Counts,
    grid,
    special::{self, Kind},
};
use crate::{
    look::{Ink, Look},
    page::Page,
    report::count,
};

/// Reasons that are shown of an overlay.
const REASONS: usize = 12;

pub(super) fn render(extract: &Extract<'_>, look: Look) -> String {
    let mut page = Page::new(look);
    let overlays = extract.meshes().count();
    let about = format!(
        ": who must reach whom in {}, {}, {}",
        extract.fleet,
        count(extract.matrix.machines.len(), "machine"),
        count(overlays, "overlay network")
    );
    page.label(0, Ink::Title, &format!("seaworthy {}", extract.tool), &about);
    for mesh in extract.meshes() {
        page.gap();
        one(&mut page, extract, mesh, look.findings);
    }
    if overlays == 0 {
        page.gap();
        let none = "no instance of the inventory is one of clan's services zerotier, wireguard and yggdrasil: nothing is \
                    known of who reaches whom";
        page.say(0, Ink::Warning, none);
    }
    page.finish()
}

fn one(page: &mut Page, extract: &Extract<'_>, mesh: &Mesh, most: usize) {
    let overlay = &mesh.overlay;
    let counts = Counts::of(extract.pairs(mesh));
    let about =
        format!(": {}, {}; {}", overlay.kind, count(overlay.members.len(), "member"), sentence(&counts));
    page.label(0, Ink::Title, &overlay.name, &about);
    memberships(page, extract, mesh);
    let special = special::of(extract.matrix, mesh, extract.pairs(mesh));
    let mut left = most;
    listed(page, special.iter().map(|(kind, pair)| (Some(*kind), *pair)), special.len(), &mut left);
    if extract.machines.is_empty() {
        grid::table(page, extract.matrix, mesh, &special);
        reasons(page, extract, mesh, &special);
    } else {
        let told: HashSet<_> = special.iter().map(|(_, pair)| pair.at).collect();
        let others: Vec<_> = extract.pairs(mesh).filter(|pair| !told.contains(&pair.at)).collect();
        listed(page, others.iter().map(|pair| (None, *pair)), others.len(), &mut left);
    }
}

/// Of the machines that are named, the roles that they are in, by what, and where they are reached.
fn memberships(page: &mut Page, extract: &Extract<'_>, mesh: &Mesh) {
    for name in extract.machines {
        let told = match mesh.overlay.members.get(name) {
            None => "is no member".to_owned(),
            Some(member) => {
                let roles: Vec<String> =
                    member.roles.iter().map(|(role, given)| role_by(role, given)).collect();
                let addresses: Vec<String> = member.addresses.iter().map(ToString::to_string).collect();
                let at = if addresses.is_empty() {
                    String::new()
                } else {
                    format!(" at {}", addresses.join(", "))
                };
                format!("is {}{at}", roles.join(" and "))
            }
        };
        page.say(2, Ink::Quiet, &format!("{name} {told}"));
    }
}

/// `peer by the tag all`
fn role_by(role: &str, given: &Given) -> String {
    let name = given.named.then(|| "its name".to_owned());
    let tags = given.tags.iter().map(|tag| format!("the tag {tag}"));
    let by: Vec<String> = name.into_iter().chain(tags).collect();
    format!("{role} by {}", by.join(" and "))
}

fn sentence(counts: &Counts) -> String {
    let outside = match counts.outside {
        0 => String::new(),
        outside => format!(" ({outside} with one that is no member)"),
    };
    let stated = if counts.stated == 0 { String::new() } else { format!(", {} as stated", counts.stated) };
    let (must, must_not, unknown) = (count(counts.must, "pair"), counts.must_not, counts.unknown);
    format!("{must} must reach, {must_not} must not{outside}, {unknown} unknown{stated}")
}

/// A line for each pair, as far as there are lines left.
fn listed<'a>(
    page: &mut Page,
    pairs: impl Iterator<Item = (Option<Kind>, Pair<'a>)>,
    all: usize,
    left: &mut usize,
) {
    if all == 0 {
        return;
    }
    page.gap();
    let shown = all.min(*left);
    for (kind, pair) in pairs.take(shown) {
        let reach = pair.reach();
        let label = format!("{} -> {}", pair.from, pair.to);
        page.label(
            2,
            ink(reach),
            &label,
            &format!(" {}: {}{}", reach.as_str(), pair.why(), besides(kind, &pair)),
        );
    }
    *left -= shown;
    if shown < all {
        page.say(2, Ink::Warning, &format!("and {} (see --format json)", count(all - shown, "more pair")));
    }
}

fn besides(kind: Option<Kind>, pair: &Pair<'_>) -> String {
    match (kind, pair.instead()) {
        (Some(Kind::OneWay(back)), _) => format!(" (the other way: {})", back.as_str()),
        (_, Some((reach, why))) if reach == pair.reach() => format!(" (that follows anyway: {why})"),
        (_, Some((reach, why))) => format!(" (else {}: {why})", reach.as_str()),
        _ => String::new(),
    }
}

fn ink(reach: Reach) -> Ink {
    match reach {
        Reach::Must => Ink::Good,
        Reach::MustNot => Ink::Bad,
        Reach::Unknown => Ink::Unknown,
    }
}

/// Why nobody can tell, each reason once.
fn reasons(page: &mut Page, extract: &Extract<'_>, mesh: &Mesh, special: &[(Kind, Pair<'_>)]) {
    let told: HashSet<_> = special.iter().map(|(_, pair)| pair.at).collect();
    let mut times: HashMap<String, usize> = HashMap::new();
    for pair in extract.pairs(mesh).filter(|pair| pair.reach() == Reach::Unknown && !told.contains(&pair.at))
    {
        *times.entry(pair.why()).or_default() += 1;
    }
    if times.is_empty() {
        return;
    }
    let mut reasons: Vec<(String, usize)> = times.into_iter().collect();
    reasons.sort_by(|(one, times), (other, others)| (Reverse(times), one).cmp(&(Reverse(others), other)));
    page.gap();
    page.say(0, Ink::Unknown, "unknown, because");
    for (why, times) in reasons.iter().take(REASONS) {
        page.say(2, Ink::Plain, &format!("{why}: {}", count(*times, "pair")));
    }
    let more: usize = reasons.iter().skip(REASONS).map(|(_, times)| times).sum();
    if more > 0 {
        let reasons = count(reasons.len() - REASONS, "more reason");
        page.say(2, Ink::Warning, &format!("and {reasons} of {} (see --format json)", count(more, "pair")));
    }
}
