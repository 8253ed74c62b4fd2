//! A Rego module that compiles, and what one evaluation of it comes to.
//!
//! Flows in: a policy's text, then an input. Flows out: its denials, or why there are none. Must not: know checks.

use std::{
    error::Error,
    fmt, io,
    num::NonZeroU32,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use model::suite::Policy;
use regorus::{
    CompiledPolicy, Engine, LimitError, Value, languages::rego::compiler::Compiler,
    utils::limits::ExecutionTimerConfig,
};

use super::{
    Input,
    denial::{Denial, FLEET},
    head,
};

/// How many statements run between two looks at the clock: about a tenth of a millisecond.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(256).unwrap();

/// A policy that compiles.
#[derive(Clone)]
pub struct Module {
    engine: Engine,
    /// `data.<package>.deny`
    query: String,
    file: String,
}

/// What the engine says about a Rego text, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RegoError {
    /// As the policy names its file.
    pub file: String,
    /// From 1; 0 where it is not known.
    pub line: u32,
    /// In characters, from 1; 0 where it is not known.
    pub column: u32,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
}

/// Why an evaluation told nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It took longer than this.
    TimedOut(Duration),
    /// The policy went wrong.
    Rego(RegoError),
    /// The policy's `deny` does not have the form that it must have.
    Shape(String),
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("file", &self.file).field("query", &self.query).finish_non_exhaustive()
    }
}

impl Module {
    /// Compiles a policy: syntax, the names of variables and functions, the rule `deny`.
    ///
    /// # Errors
    /// The first thing that is wrong with it; Rego's parser stops there.
    pub fn compile(policy: &Policy) -> Result<Self, RegoError> {
        let query = format!("data.{}.deny", policy.package);
        match catch_unwind(|| compile(policy, &query)) {
            Ok(Ok(engine)) => Ok(Self { engine, query, file: policy.file.clone() }),
            Ok(Err(said)) => {
                let error = located(&policy.file, &said);
                Err(RegoError { column: characters(&policy.text, error.line, error.column), ..error })
            }
            Err(_) => Err(located(&policy.file, "the policy engine gave up on this text")),
        }
    }

    /// The policy's file, for messages.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Everything that the policy denies, in an order of its own.
    pub(super) fn deny(&self, input: &Input<'_>, limit: Duration) -> Result<Vec<Denial>, Stopped> {
        let mut engine = self.engine.clone();
        engine.set_input(input.document.value().map_err(Stopped::Shape)?);
        engine.set_execution_timer_config(ExecutionTimerConfig { limit, check_interval: CHECK_INTERVAL });
        let answer = catch_unwind(AssertUnwindSafe(|| engine.eval_rule(self.query.clone())));
        let value = match answer {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => {
                return Err(match error.downcast_ref::<LimitError>() {
                    Some(LimitError::TimeLimitExceeded { .. }) => Stopped::TimedOut(limit),
                    _ => Stopped::Rego(located(&self.file, &format!("{error:#}"))),
                });
            }
            Err(_) => {
                return Err(Stopped::Rego(located(&self.file, "the policy engine gave up on this policy")));
            }
        };
        let Value::Set(denials) = &value else {
            return Err(Stopped::Shape("`deny` must be a set: `deny contains {..} if {..}`".to_owned()));
        };
        let of_the_fleet = |name: &String| name == FLEET && !input.knows(FLEET);
        let read = |denied| {
            let denial = Denial::read(denied).map_err(Stopped::Shape)?;
            Ok(Denial { subject: denial.subject.filter(|name| !of_the_fleet(name)), ..denial })
        };
        denials.iter().map(read).collect()
    }
}

fn compile(policy: &Policy, query: &str) -> Result<Engine, String> {
    let mut engine = engine(&policy.file, &policy.text)?;
    match engine.compile_with_entrypoint(&query.into()) {
        Ok(compiled) => names(&compiled, query)?,
        Err(error) if error.to_string().contains("not a valid rule path") => {
            return Err("the policy defines no rule `deny`".to_owned());
        }
        Err(error) => return Err(format!("{error:#}")),
    }
    let Some(module) = engine.get_modules().first() else { return Ok(engine) };
    match head::guarded(module, &policy.text)? {
        Some(guarded) => self::engine(&policy.file, &guarded),
        None => Ok(engine),
    }
}

/// An engine that holds a text, and nothing that regorus itself would let the text do.
fn engine(file: &str, text: &str) -> Result<Engine, String> {
    let mut engine = Engine::new();
    close(&mut engine)
        .and_then(|()| head::add_function(&mut engine))
        .map_err(|error| format!("{error:#}"))?;
    engine.add_policy(file.to_owned(), text.to_owned()).map_err(|error| format!("{error:#}"))?;
    Ok(engine)
}

/// Takes from the engine what regorus cannot be compiled without: chance, which would give another verdict to the same
/// facts, and `print`, which would write to the terminal whatever the fleet's files hold.
fn close(engine: &mut Engine) -> Result<(), Box<dyn Error + Send + Sync>> {
    let refuse =
        |_| Err(io::Error::other("`rand.intn` is not there: the same facts give the same verdict").into());
    engine.add_extension("rand.intn".to_owned(), 2, Box::new(refuse))?;
    engine.set_gather_prints(true);
    Ok(())
}

/// Looks up every variable and function. The interpreter does so only when it gets there, and a rule that is wrong but is
/// not reached would pass; so the compiler of regorus's other engine is asked. What else it may not know is no concern.
fn names(compiled: &CompiledPolicy, query: &str) -> Result<(), String> {
    match Compiler::compile_from_policy(compiled, &[query]) {
        Err(error) => {
            let said = format!("{error:#}");
            let unknown = said.contains("Undefined variable") || said.contains("Unknown function");
            if unknown { Err(said) } else { Ok(()) }
        }
        Ok(_) => Ok(()),
    }
}

/// Takes apart what regorus says: `--> FILE:LINE:COLUMN`, the line with a mark below it, `error: MESSAGE`;
/// where an error wraps another, the inner one comes last.
fn located(file: &str, said: &str) -> RegoError {
    let heading = said.lines().filter_map(|line| line.trim().strip_prefix("--> ")).next_back();
    let mut numbers = heading.into_iter().flat_map(|heading| heading.rsplit(':')).map(str::parse);
    let (column, line) = match (numbers.next(), numbers.next()) {
        (Some(Ok(column)), Some(Ok(line))) => (column, line),
        _ => (0, 0),
    };
    let message = match (heading, said.rsplit_once("error: ")) {
        (Some(_), Some((_, message))) => message,
        _ => said,
    };
    let message =
        message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ");
    RegoError { file: file.to_owned(), line, column, message: shorten(message) }
}

/// A column in characters. To regorus a tab is as wide as four, and any other character as wide as it has bytes.
fn characters(text: &str, line: u32, column: u32) -> u32 {
    let (Some(line), 1..) = (line.checked_sub(1).and_then(|above| text.lines().nth(above as usize)), column)
    else {
        return column;
    };
    let mut at = 1;
    let before = line.chars().take_while(|character| {
        let starts = at;
        at += if *character == '\t' { 4 } else { character.len_utf8() };
        starts < column as usize
    });
    u32::try_from(before.count()).map_or(column, |before| before + 1)
}

fn shorten(mut text: String) -> String {
    const LONGEST: usize = 2000;
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).chain(['…']).collect();
    }
    text
}
