//! `mesh watch`: what it tells while the lab changes, and when it ends.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use libtest_mimic::Failed;

use super::{fleet::Fleet, tests::same};

/// Longer than a round takes, with what is asked silent.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn changes(fleet: &Fleet) -> Result<(), Failed> {
    let mut watch = fleet.watch(fleet.file("watch.log")?)?;
    let until = |part: &str| -> Result<(), Failed> {
        let began = Instant::now();
        while !fleet.read("watch.log")?.contains(part) {
            if began.elapsed() > LIMIT {
                return Err(format!("without {part}:\n{}", fleet.read("watch.log")?).into());
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    };
    let seen = || -> Result<(), Failed> {
        until("6 pairs: 6 as expected, 0 not, 0 untold")?;
        fleet.lab(&["cut", "a", "b"])?;
        until("a -> b over overlay not reached: `a` does not reach `b`")?;
        Ok(())
    };
    let done = seen();
    // Ctrl-C of a terminal is this signal.
    Command::new("kill").args(["-INT", &watch.id().to_string()]).status()?;
    let ended = watch.wait()?;
    done?;
    same(&ended.code(), &Some(1))
}

/// Longer than it takes to notice, and shorter than the time until anything changes.
const SOON: Duration = Duration::from_secs(10);

/// As `| head -1` does: it reads a line and goes, and from then on nothing changes that would be written.
pub(crate) fn unread(fleet: &Fleet) -> Result<(), Failed> {
    let mut watch = fleet.watch(Stdio::piped())?;
    let mut first = String::new();
    let read = match watch.stdout.take() {
        Some(out) => BufReader::new(out).read_line(&mut first),
        None => Ok(0),
    };
    let ended = ended(&mut watch, SOON);
    watch.kill()?;
    watch.wait()?;
    same(&(read? > 0, first.contains("6 pairs: 6 as expected")), &(true, true))?;
    same(&ended?.and_then(|ended| ended.code()), &Some(0))
}

/// How a process ended, if it did in time.
fn ended(process: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Failed> {
    let began = Instant::now();
    loop {
        let ended = process.try_wait()?;
        if ended.is_some() || began.elapsed() > limit {
            return Ok(ended);
        }
        sleep(Duration::from_millis(20));
    }
}
