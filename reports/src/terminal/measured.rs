//! What was measured, a line for each machine.
//!
//! In: the rows. Out: a table, or sentences where the screen is too narrow for one; nothing where nothing was measured. It
//! must not show an earlier run's number without saying so.

use unicode_width::UnicodeWidthStr;

use crate::{
    answers::Row,
    escape,
    look::Ink,
    measured::{Line, Measured, measured},
    page::{Page, cell},
    report::count,
};

/// Lines of the table; of a larger fleet, programs read the rest.
const MOST_LINES: usize = 20;

pub(super) fn table(page: &mut Page, rows: &[Row<'_>]) {
    let measured = measured(rows);
    if measured.lines.is_empty() {
        return;
    }
    page.gap();
    let table = Table::of(&measured);
    if table.lines.iter().all(|line| line.width() <= page.width()) {
        let mut lines = table.lines.iter();
        lines.next().into_iter().for_each(|head| page.say(0, Ink::Quiet, head));
        lines.for_each(|line| page.say(0, Ink::Plain, line));
    } else {
        measured.lines.iter().take(MOST_LINES).for_each(|line| in_words(page, &measured, line));
    }
    let more = measured.lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        page.say(0, Ink::Quiet, &format!("and {} more (see report --format json)", count(more, "machine")));
    }
}

/// A head and lines, all of them aligned.
struct Table {
    lines: Vec<String>,
}

impl Table {
    fn of(measured: &Measured<'_>) -> Self {
        let lines = || measured.lines.iter().take(MOST_LINES);
        let head: Vec<String> = measured.metrics.iter().map(|metric| metric.to_string()).collect();
        let names = || lines().map(|line| escape::line(&line.subject.to_string()).into_owned());
        let numbers = |line: &Line<'_>| -> Vec<String> {
            line.numbers.iter().map(|number| number.clone().unwrap_or_else(|| "-".to_owned())).collect()
        };
        let widest =
            |at: usize| lines().filter_map(|line| numbers(line).get(at).map(|text| text.width())).max();
        let widths: Vec<usize> =
            (0..head.len()).map(|at| head[at].width().max(widest(at).unwrap_or_default())).collect();
        let name = names().map(|name| name.width()).max().unwrap_or_default().max(TITLE.width());
        let row = |first: &str, numbers: &[String], run: Option<&str>| {
            let numbers =
                numbers.iter().zip(&widths).map(|(text, width)| format!("  {}", cell(text, *width, true)));
            let run = run.map_or(String::new(), |run| format!("  in run {run}"));
            format!("{}{}{run}", cell(first, name, false), numbers.collect::<String>())
        };
        let head = row(TITLE, &head, None);
        let rest = names().zip(lines()).map(|(name, line)| row(&name, &numbers(line), line.run));
        Self { lines: [head].into_iter().chain(rest).collect() }
    }
}

const TITLE: &str = "measured";

fn in_words(page: &mut Page, measured: &Measured<'_>, line: &Line<'_>) {
    let numbers = measured.metrics.iter().zip(&line.numbers);
    let numbers = numbers.filter_map(|(metric, number)| Some(format!("{metric} {}", number.as_ref()?)));
    let run = line.run.map(|run| format!("in run {run}"));
    let words: Vec<String> = numbers.chain(run).collect();
    page.label(0, Ink::Title, &line.subject.to_string(), &format!(": {}", words.join(", ")));
}
