//! Machines against machines as a table: a line for each from whom, a column for each to whom, a sign for what there is to say.
//!
//! In: names, signs, and the room that there is. Out: lines on a page. It must not be wider than the page, nor leave a machine
//! out without saying so.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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

/// What is shown. Machines are numbers below the length of `names`.
pub(crate) struct Grid<'a> {
    pub(crate) names: Vec<&'a str>,
    /// How often each is among what somebody has to look at: where there is no room for all, these come first.
    pub(crate) weight: &'a dyn Fn(usize) -> usize,
    /// What there is to say of one towards another; of one towards itself nothing is asked.
    pub(crate) sign: &'a dyn Fn(usize, usize) -> (Ink, &'static str),
    /// What the signs mean.
    pub(crate) legend: &'a str,
    /// Where the rest is.
    pub(crate) rest: &'a str,
}

/// Puts the table on the page; nothing, where there are no two machines.
pub(crate) fn table(page: &mut Page, grid: &Grid<'_>) {
    let longest = grid.names.iter().map(|name| escape::line(name).width()).max().unwrap_or(0);
    let width = longest.min(WIDEST_NAME).min(page.width() / 3);
    let digits = grid.names.len().to_string().len();
    let room = page.width().saturating_sub(digits + 1 + width) / 2;
    let shown = fitting(grid, room.min(MOST));
    if shown.len() < 2 {
        return;
    }
    page.gap();
    head(page, shown.len(), digits + 1 + width);
    for (number, from) in shown.iter().enumerate() {
        line(page, grid, (number, *from), &shown, (digits, width));
    }
    page.say(0, Ink::Quiet, grid.legend);
    if shown.len() < grid.names.len() {
        let all = count(grid.names.len(), "machine");
        page.say(0, Ink::Warning, &format!("{} of {all} fit, {}", shown.len(), grid.rest));
    }
}

fn fitting(grid: &Grid<'_>, most: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..grid.names.len()).collect();
    if all.len() > most {
        // Stable: of as many, by name.
        all.sort_by_key(|at| std::cmp::Reverse((grid.weight)(*at)));
        all.truncate(most);
    }
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
    grid: &Grid<'_>,
    (number, from): (usize, usize),
    shown: &[usize],
    (digits, width): (usize, usize),
) {
    let name = grid.names.get(from).map_or_else(String::new, |name| self::shown(name, width));
    let mut line = format!("{} {}", cell(&(number + 1).to_string(), digits, true), cell(&name, width, false));
    for to in shown {
        let (ink, sign) = if from == *to { (Ink::Quiet, ".") } else { (grid.sign)(from, *to) };
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
