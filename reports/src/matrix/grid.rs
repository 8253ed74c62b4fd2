//! A mesh as a table: a line for each machine that reaches, a column for each that is reached, a sign for what is expected.
//!
//! In: a mesh and the room that there is. Out: lines on a page. It must not be wider than the page, nor leave a machine out
//! without saying so.

use std::collections::HashMap;

use model::{
    matrix::{Matrix, Mesh, Pair},
    reach::Reach,
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::special::Kind;
use crate::{
    escape,
    look::Ink,
    page::{Page, cell},
    report::count,
};

/// Columns that a name gets at most, where the page is wide.
const WIDEST_NAME: usize = 24;
/// Lines that the table gets at most.
const MOST: usize = 60;

/// Puts the table on the page. Where it has no room for all machines, those with special pairs come first.
pub(super) fn table(page: &mut Page, matrix: &Matrix, mesh: &Mesh, special: &[(Kind, Pair<'_>)]) {
    let concerned = concerned(matrix, mesh);
    let names = concerned.iter().filter_map(|at| matrix.machines.get(*at));
    let longest = names.map(|name| escape::line(name.as_str()).width()).max().unwrap_or(0);
    let width = longest.min(WIDEST_NAME).min(page.width() / 3);
    let digits = concerned.len().to_string().len();
    let room = page.width().saturating_sub(digits + 1 + width) / 2;
    let shown = fitting(&concerned, room.min(MOST), special);
    if shown.len() < 2 {
        return;
    }
    page.gap();
    head(page, shown.len(), digits + 1 + width);
    for (number, from) in shown.iter().enumerate() {
        line(page, matrix, mesh, (number, *from), &shown, (digits, width));
    }
    page.say(0, Ink::Quiet, "+ must reach   - must not reach   ? unknown");
    if shown.len() < concerned.len() {
        let more = format!(
            "{} of {} fit, those with special pairs first; --machine NAME shows one, --format json everything",
            shown.len(),
            count(concerned.len(), "machine")
        );
        page.say(0, Ink::Warning, &more);
    }
}

/// The machines that have to do with the overlay, by where they stand.
fn concerned(matrix: &Matrix, mesh: &Mesh) -> Vec<usize> {
    let mut concerned = vec![false; matrix.machines.len()];
    for pair in matrix.of(mesh).filter(|pair| !pair.expectation.reason.is_outside()) {
        for at in [pair.at.0, pair.at.1] {
            if let Some(entry) = concerned.get_mut(at) {
                *entry = true;
            }
        }
    }
    concerned.iter().enumerate().filter(|(_, is)| **is).map(|(at, _)| at).collect()
}

fn fitting(concerned: &[usize], most: usize, special: &[(Kind, Pair<'_>)]) -> Vec<usize> {
    if concerned.len() <= most {
        return concerned.to_vec();
    }
    let mut times: HashMap<usize, usize> = HashMap::new();
    for at in special.iter().flat_map(|(_, pair)| [pair.at.0, pair.at.1]) {
        *times.entry(at).or_default() += 1;
    }
    let mut all = concerned.to_vec();
    // Stable: of as many special pairs, by name.
    all.sort_by_key(|at| std::cmp::Reverse(times.get(at).copied().unwrap_or(0)));
    all.truncate(most);
    all
}

/// The numbers of the columns, from top to bottom.
fn head(page: &mut Page, columns: usize, before: usize) {
    let digits = columns.to_string().len();
    let numbers: Vec<String> = (1..=columns).map(|number| format!("{number:>digits$}")).collect();
    for row in 0..digits {
        let digit = |number: &String| number.chars().nth(row).unwrap_or(' ');
        let line: String = numbers.iter().flat_map(|number| [' ', digit(number)]).collect();
        let line = page.paint(Ink::Quiet, &format!("{}{line}", " ".repeat(before)));
        page.push(&line);
    }
}

fn line(
    page: &mut Page,
    matrix: &Matrix,
    mesh: &Mesh,
    (number, from): (usize, usize),
    shown: &[usize],
    (digits, width): (usize, usize),
) {
    let name = matrix.machines.get(from).map_or_else(String::new, |name| self::shown(name.as_str(), width));
    let mut line = format!("{} {}", cell(&(number + 1).to_string(), digits, true), cell(&name, width, false));
    for to in shown {
        let pair = matrix.pair(mesh, from, *to);
        let (ink, sign) = match pair.map(|pair| pair.reach()) {
            None => (Ink::Quiet, "."),
            Some(Reach::Must) => (Ink::Good, "+"),
            Some(Reach::MustNot) => (Ink::Bad, "-"),
            Some(Reach::Unknown) => (Ink::Unknown, "?"),
        };
        line.push(' ');
        line.push_str(&page.paint(ink, sign));
    }
    page.push(&line);
}

/// A name as far as there is room for it.
fn shown(name: &str, width: usize) -> String {
    let name = escape::line(name);
    if name.width() <= width {
        return name.into_owned();
    }
    let mut cut = String::new();
    for letter in name.chars() {
        if cut.width() + letter.width().unwrap_or(0) + 2 > width {
            break;
        }
        cut.push(letter);
    }
    cut + ".."
}
