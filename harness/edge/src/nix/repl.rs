//! One evaluator that stays: a `nix repl` that is asked line by line.
//!
//! Flows in: a [`Request`] of generated text. Flows out: an [`Answer`] for each of its cases.
//! Must not: read the repl's standard output (it echoes, colours and elides), send user text, or wait without a limit.
//!
//! A line asks for a run of cases. Each case answers through `builtins.trace`, known by a nonce. An error that nothing can
//! catch ends the line, and never the repl: the case that was open is the one that failed, and the rest is sent again. Only
//! a true overflow of the stack, a lack of memory or a time limit takes the repl's life; then the caller starts another.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, Hasher as _, RandomState},
    io,
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt as _,
    process::ChildStderr,
    time::{Instant, timeout_at},
};

use super::{
    answer::{Answer, Death, End, LastWords, OnReply, Reply},
    binary::Nix,
    complaint::Complaint,
    fault::NixFault,
    log::Said,
    prelude,
    project::Project,
};
use crate::process::{Line, Lines, Running, Streams};

/// What an evaluator evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The flake in the folder, pure; its outputs are variables.
    Flake,
    /// Files, impure.
    Files,
}

/// Questions of one kind about one subject.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// A function of the prelude: `judge`.
    pub(crate) ask: &'static str,
    /// An expression.
    pub(crate) subject: String,
    /// A variable that the subject uses, and what it is: defined once, so that what is evaluated of it stays.
    pub(crate) given: Option<(String, String)>,
    /// One expression each, that can stand in a list.
    pub(crate) cases: Vec<String>,
    /// For each case.
    pub(crate) limit: Duration,
}

/// Why an evaluator did not start.
#[derive(Debug)]
pub(crate) enum NoStart {
    Fault(NixFault),
    Io(io::Error),
    Error(Complaint),
    Died(Death),
    Late(Duration),
}

/// A line of the log that is longer is not an answer of ours.
pub(crate) const LONGEST_LINE: usize = 64 << 20;
/// A longer line slows the repl's line editor down, which echoes each character.
const LONGEST_REQUEST: usize = 6 << 10;
/// Before 2.30, a repl takes "unexpected end of file" in a file that is read for a line that goes on, and adds the next
/// line to it. By itself this line is nothing; at the end of another it is an error, and frees the repl.
const NUDGE: &str = "let in null\n";
/// The name of the prelude within the repl.
pub(crate) const PRELUDE: &str = "__seaworthy";

/// A repl that runs.
#[derive(Debug)]
pub(crate) struct Repl {
    running: Running,
    lines: Lines<ChildStderr>,
    nonce: String,
    // Sent after each line, before its end is asked for.
    nudge: &'static str,
    words: LastWords,
    defined: BTreeSet<String>,
    tainted: bool,
}

impl Repl {
    /// Starts one and waits until it can be asked.
    pub(crate) async fn start(
        nix: &Nix,
        project: &Project,
        scope: Scope,
        memory: Option<u64>,
        limit: Duration,
    ) -> Result<Self, NoStart> {
        let program = nix.program(project.folder(), arguments(nix, project, scope), memory);
        let mut running =
            nix.spawner().spawn(&program, Streams { stdin: true, stdout: false }).map_err(NoStart::Io)?;
        let stderr =
            running.stderr.take().ok_or_else(|| NoStart::Io(io::Error::other("no standard error")))?;
        let lines = Lines::new(stderr, LONGEST_LINE);
        let (words, defined) = (LastWords::default(), BTreeSet::new());
        let nudge = if nix.repl_waits() { NUDGE } else { "" };
        let mut repl = Self { running, lines, nonce: nonce(), nudge, words, defined, tainted: false };
        repl.settle(limit).await?;
        Ok(repl)
    }

    async fn settle(&mut self, limit: Duration) -> Result<(), NoStart> {
        let deadline = Instant::now() + limit;
        let line = format!("{PRELUDE} = {}", prelude::expression(&self.nonce));
        let sent = timeout_at(deadline, self.send(&line)).await;
        let mut error = None;
        loop {
            match timeout_at(deadline, self.hear()).await {
                Err(_) => return Err(NoStart::Late(limit)),
                Ok(Some(Said::Error(complaint))) => error = Some(complaint),
                Ok(Some(Said::End)) if error.is_none() => break,
                Ok(Some(Said::End)) | Ok(None) => {
                    let death = self.death().await;
                    return Err(error.map_or(NoStart::Died(death), NoStart::Error));
                }
                Ok(Some(_)) => {}
            }
        }
        match sent {
            Ok(sent) => sent.map_err(NoStart::Io),
            Err(_) => Err(NoStart::Late(limit)),
        }
    }

    /// Sends a line, and one that answers to it whatever becomes of the first.
    async fn send(&mut self, line: &str) -> io::Result<()> {
        let Some(stdin) = &mut self.running.stdin else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let all = format!("{line}\n{}builtins.trace \"{} end\" null\n", self.nudge, self.nonce);
        stdin.write_all(all.as_bytes()).await?;
        stdin.flush().await
    }

    /// The next thing that it says; `None` when it has ended.
    async fn hear(&mut self) -> Option<Said> {
        let line = self.lines.next().await?;
        let (Line::Whole(text) | Line::Cut(text)) = &line;
        let said = Said::read(text, &self.nonce);
        if said == Said::Garbage {
            self.words.add(text);
        }
        if let Said::Error(complaint) = &said
            && !self.nudge.is_empty()
            && complaint.is_nudge()
        {
            return Some(Said::Error(Complaint::unfinished()));
        }
        Some(said)
    }

    async fn death(&mut self) -> Death {
        self.running.stdin = None;
        let status = tokio::time::timeout(Duration::from_secs(5), self.running.wait()).await;
        Death::new(status.ok().and_then(Result::ok), self.words.take())
    }

    /// Asks the cases in order, and hands on each answer as it comes. Returns whether the repl is still alive; if not,
    /// the last answer says why, and the cases after it have none.
    pub(crate) async fn run(&mut self, request: &Request, on: OnReply<'_>) -> bool {
        let mut hearing = Hearing::default();
        if let Some((name, expression)) = &request.given
            && self.defined.insert(name.clone())
            && !self.run_line(&format!("{name} = {expression}"), 0, &mut hearing, request.limit, on).await
        {
            return false;
        }
        while hearing.open < request.cases.len() {
            let (line, upto) = line(request, hearing.open);
            if !self.run_line(&line, upto, &mut hearing, request.limit, on).await {
                return false;
            }
        }
        true
    }

    async fn run_line(
        &mut self,
        line: &str,
        upto: usize,
        hearing: &mut Hearing,
        limit: Duration,
        on: OnReply<'_>,
    ) -> bool {
        let mut deadline = Instant::now() + limit;
        // If it cannot be written to, it is dead, and that is about to be heard.
        let sent = timeout_at(deadline, self.send(line)).await;
        loop {
            let said = match (&sent, timeout_at(deadline, self.hear()).await) {
                (Err(_), _) | (_, Err(_)) => {
                    self.running.kill().await;
                    on(hearing.open, self.reply(hearing.close(End::Late)));
                    return false;
                }
                (_, Ok(None)) => {
                    let death = self.death().await;
                    on(hearing.open, self.reply(hearing.close(End::Died(death))));
                    return false;
                }
                (_, Ok(Some(said))) => said,
            };
            self.tainted |= matches!(&said, Said::Error(complaint) if complaint.is_of_resources());
            match hearing.hear(said, upto) {
                Heard::Nothing => {}
                Heard::Answer(number, answer) => {
                    deadline = Instant::now() + limit;
                    on(number, self.reply(answer));
                }
                Heard::Over(None) => return true,
                Heard::Over(Some((number, answer))) => {
                    on(number, self.reply(answer));
                    return true;
                }
            }
        }
    }

    fn reply(&self, answer: Answer) -> Reply {
        Reply { answer, tainted: self.tainted }
    }

    /// Its resident memory in bytes, where the system tells.
    pub(crate) async fn memory(&self) -> Option<u64> {
        let statm = tokio::fs::read_to_string(format!("/proc/{}/statm", self.running.id()?)).await.ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
    }
}

fn arguments<'a>(nix: &Nix, project: &'a Project, scope: Scope) -> Vec<&'a str> {
    let mut arguments = vec!["repl"];
    arguments.extend(nix.features());
    arguments.extend(COMMON);
    // Twice: errors only, so that a flood of warnings costs nothing.
    arguments.extend(["--quiet", "--quiet"]);
    match scope {
        Scope::Flake => arguments.extend(["--pure-eval", project.reference()]),
        Scope::Files => arguments.extend(["--impure", "--expr", "{ }"]),
    }
    arguments
}

/// Offline, because a download that fails hangs for minutes, and a test that needs one proves nothing; inputs are fetched
/// once, before. No registry, which would be looked up. The user's lock file is neither written nor made up.
pub(crate) const COMMON: [&str; 9] = [
    "--offline",
    "--log-format",
    "internal-json",
    "--show-trace",
    "--no-update-lock-file",
    "--no-write-lock-file",
    "--option",
    "flake-registry",
    "",
];

/// One line for the cases from `open` on, and up to which.
fn line(request: &Request, open: usize) -> (String, usize) {
    let Request { ask, subject, cases, .. } = request;
    let mut line = format!("{PRELUDE}.run {PRELUDE}.{ask} ({subject}) [");
    let mut upto = open;
    for case in cases.iter().skip(open) {
        if upto > open && line.len() + case.len() > LONGEST_REQUEST {
            break;
        }
        line.push_str(&format!(" [ {upto} {case} ]"));
        upto += 1;
    }
    line.push_str(" ]");
    (line, upto)
}

/// Something that no evaluated text can guess.
pub(crate) fn nonce() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("N{:016x}{:016x}", random(), random())
}

/// Puts together what is said into answers.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    /// The first case without an answer.
    pub(crate) open: usize,
    notes: Vec<(String, String)>,
    error: Option<Complaint>,
}

/// What came of a line of the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Nothing,
    Answer(usize, Answer),
    /// The line has been answered; a case that failed in it comes along.
    Over(Option<(usize, Answer)>),
}

impl Hearing {
    /// Takes in what was said to a line that asked the cases before `upto`.
    pub(crate) fn hear(&mut self, said: Said, upto: usize) -> Heard {
        match said {
            Said::Note { number, kind, text } if number == self.open => self.notes.push((kind, text)),
            Said::Done { number, kind, text } if number == self.open => {
                return Heard::Answer(number, self.close(End::Done(kind, text)));
            }
            // More than one may come before the line ends; the last one ended it.
            Said::Error(complaint) => self.error = Some(complaint),
            Said::End => {
                let failed = self.open < upto;
                let end = self.error.take().map_or_else(|| End::Died(Death::new(None, NO_WORD)), End::Error);
                return Heard::Over(failed.then(|| (self.open, self.close(end))));
            }
            _ => {}
        }
        Heard::Nothing
    }

    /// Closes the open case.
    pub(crate) fn close(&mut self, end: End) -> Answer {
        self.open += 1;
        self.error = None;
        Answer { notes: std::mem::take(&mut self.notes), end }
    }

    /// Closes the open case when the evaluator has ended: with the error that ended it, if it told one.
    pub(crate) fn close_ended(&mut self, death: Death) -> Answer {
        let end = self.error.take().map_or(End::Died(death), End::Error);
        self.close(end)
    }
}

const NO_WORD: Option<String> = None;

#[cfg(test)]
#[path = "repl_tests.rs"]
mod tests;
