//! The index's tables, and what is asked of them.
//!
//! Flows in: what a run answered; keys. Flows out: rows. Must not: read journals, or repair itself.

use std::{collections::HashMap, fs, os::unix::fs::MetadataExt as _, path::Path, time::Duration};

use jiff::Timestamp;
use model::{
    check::CheckId,
    digest::Digest,
    evidence::{Evidence, RunId},
    measurement::Measurement,
};
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params, types::Type};
use serde::{Serialize, de::DeserializeOwned};

use super::{Found, Freshness, repair::Failure};

/// The version of the tables. An index of any other is made anew.
const VERSION: i64 = 3;

/// How long one process waits for another's transaction.
const BUSY: Duration = Duration::from_secs(10);

const TABLES: &str = "
    -- Runs that were taken in, each with the state of its journal at that time.
    CREATE TABLE runs (run TEXT PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL) WITHOUT ROWID;
    -- The newest pass of each key. `at` in nanoseconds since 1970; `measured` and `replaced` are JSON lists, or nothing.
    CREATE TABLE passes (
        key BLOB PRIMARY KEY, question TEXT NOT NULL, run TEXT NOT NULL, at INTEGER NOT NULL, measured TEXT,
        replaced TEXT
    ) WITHOUT ROWID;
    -- Keys that have failed: should they pass as well, they are flaky.
    CREATE TABLE failures (key BLOB, run TEXT, PRIMARY KEY (key, run)) WITHOUT ROWID;
";

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    connection: Connection,
    identity: Option<Identity>,
}

/// Which file it is, whatever its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

/// The state of a journal's file: a journal that has not changed need not be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// In bytes.
    pub(crate) size: i64,
    /// When it was written to, in nanoseconds since 1970.
    pub(crate) changed: i64,
}

/// What a run answered, as far as it matters here.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// With or without what was measured and replaced before them.
    pub(crate) passes: Vec<Passed>,
    /// Keys.
    pub(crate) failures: Vec<Digest>,
}

/// A check that passed.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) key: Digest,
    pub(crate) check: CheckId,
    pub(crate) at: Timestamp,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) replaced: Vec<String>,
}

/// Which file stands at a path.
pub(crate) fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| Identity(file.dev(), file.ino()))
}

impl Index {
    /// Opens the index; an empty one is created where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // Readers and a writer do not wait for each other. What a crash of the machine loses is read from journals.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.set_prepared_statement_cache_capacity(16);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if version == 0 && tables == 0 {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        } else if version != VERSION {
            return Err(Failure::Damaged(format!(
                "it is of version {version}, and this needs version {VERSION}"
            )));
        }
        transaction.commit()?;
        Ok(Self { connection, identity: identity(path) })
    }

    /// Which file it is.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// The newest fresh pass of each key that has one and has never failed.
    pub(crate) fn lookup(&mut self, keys: &[Digest], fresh: Freshness) -> rusqlite::Result<Found> {
        let newest = nanoseconds(fresh.now).unwrap_or(i64::MAX);
        let age = fresh.max_age.map(|age| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
        let oldest = age.map_or(i64::MIN, |age| newest.saturating_sub(age));
        let transaction = self.connection.transaction()?;
        let mut query = transaction.prepare_cached(
            "SELECT question, run, at, measured, replaced FROM passes WHERE key = ?1 AND at BETWEEN ?2 AND ?3
             AND NOT EXISTS (SELECT 1 FROM failures WHERE failures.key = passes.key)",
        )?;
        let mut found = Found::new();
        for key in keys {
            let evidence = query.query_row(params![key.bytes(), oldest, newest], |row| {
                let (check, run) = (CheckId(row.get(0)?), RunId(row.get(1)?));
                let at = Timestamp::from_nanosecond(i128::from(row.get::<_, i64>(2)?)).unwrap_or_default();
                let (measurements, replaced) = (list(row, 3)?, list(row, 4)?);
                Ok(Evidence { key: *key, check, run, at, measurements, replaced })
            });
            found.extend(evidence.optional()?.map(|evidence| (*key, evidence)));
        }
        Ok(found)
    }

    /// The newest run in which each key failed, of those that ever did.
    pub(crate) fn failures(&mut self, keys: &[Digest]) -> rusqlite::Result<HashMap<Digest, RunId>> {
        let transaction = self.connection.transaction()?;
        let mut query = transaction.prepare_cached("SELECT max(run) FROM failures WHERE key = ?1")?;
        let mut failures = HashMap::new();
        for key in keys {
            let run: Option<String> = query.query_row([key.bytes()], |row| row.get(0))?;
            failures.extend(run.map(|run| (*key, RunId(run))));
        }
        Ok(failures)
    }

    /// The runs that were taken in.
    pub(crate) fn runs(&self) -> rusqlite::Result<HashMap<RunId, Stamp>> {
        let mut query = self.connection.prepare_cached("SELECT run, size, changed FROM runs")?;
        let rows = query.query_map([], |row| {
            Ok((RunId(row.get(0)?), Stamp { size: row.get(1)?, changed: row.get(2)? }))
        })?;
        rows.collect()
    }

    /// The journal of a run, as it was when it was taken in.
    pub(crate) fn stamp(&self, run: &RunId) -> rusqlite::Result<Option<Stamp>> {
        let mut query = self.connection.prepare_cached("SELECT size, changed FROM runs WHERE run = ?1")?;
        query.query_row([&run.0], |row| Ok(Stamp { size: row.get(0)?, changed: row.get(1)? })).optional()
    }

    /// What a run answered takes the place of what was known of it.
    pub(crate) fn take_in(&mut self, run: &RunId, stamp: Stamp, answers: &Answers) -> rusqlite::Result<()> {
        self.replace(run, Some((stamp, answers)))
    }

    /// A run is gone, and its answers with it.
    pub(crate) fn forget(&mut self, run: &RunId) -> rusqlite::Result<()> {
        self.replace(run, None)
    }

    fn replace(&mut self, run: &RunId, by: Option<(Stamp, &Answers)>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if transaction.execute("DELETE FROM runs WHERE run = ?1", [&run.0])? > 0 {
            transaction.execute("DELETE FROM passes WHERE run = ?1", [&run.0])?;
            transaction.execute("DELETE FROM failures WHERE run = ?1", [&run.0])?;
        }
        if let Some((stamp, answers)) = by {
            let row = params![run.0, stamp.size, stamp.changed];
            transaction.execute("INSERT INTO runs (run, size, changed) VALUES (?1, ?2, ?3)", row)?;
            insert(&transaction, run, answers)?;
        }
        transaction.commit()
    }
}

fn insert(connection: &Connection, run: &RunId, answers: &Answers) -> rusqlite::Result<()> {
    let mut pass = connection.prepare_cached(
        "INSERT INTO passes (key, question, run, at, measured, replaced) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (key) DO UPDATE SET question = excluded.question, run = excluded.run, at = excluded.at,
         measured = excluded.measured, replaced = excluded.replaced WHERE excluded.at >= passes.at",
    )?;
    for Passed { key, check, at, measurements, replaced } in &answers.passes {
        // A clock beyond the year 2262 proves nothing.
        let Some(at) = nanoseconds(*at) else { continue };
        pass.execute(params![key.bytes(), check.0, run.0, at, text(measurements), text(replaced)])?;
    }
    let mut failure =
        connection.prepare_cached("INSERT OR IGNORE INTO failures (key, run) VALUES (?1, ?2)")?;
    for key in &answers.failures {
        failure.execute(params![key.bytes(), run.0])?;
    }
    Ok(())
}

/// A list in a row; nothing for one with nothing in it.
fn text<T: Serialize>(list: &[T]) -> Option<String> {
    if list.is_empty() { None } else { serde_json::to_string(list).ok() }
}

/// A list that stands in a row. One that makes no sense is damage as any other.
fn list<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<T>> {
    let Some(text) = row.get::<_, Option<String>>(column)? else { return Ok(Vec::new()) };
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn nanoseconds(at: Timestamp) -> Option<i64> {
    i64::try_from(at.as_nanosecond()).ok()
}
