//! The engine: from a plan to events.
//!
//! Flows in: a [`model::plan::Plan`], the reports of workers, the time, the user's interrupts. Flows out: the events of
//! the run, and the record that they fold into.
//! Must not: know what a check is about, read files, spawn processes, print, or decide what a run comes to.
//!
//! Decisions are made by a plain function, [`Dispatcher::handle`]; the executor is the small async shell around it. The
//! ports ([`worker`], [`clock`], [`sink`], and for a promotion [`rollout`]) have their other side in `edge`, and in `testkit` for tests.

mod batches;
pub mod clock;
pub mod dispatcher;
pub mod executor;
mod jobs;
mod ladder;
pub mod limits;
pub mod rollout;
pub mod sink;
pub mod worker;

pub use clock::{Clock, HostClock, Moment};
pub use dispatcher::{Command, Dispatcher, Input};
pub use executor::{Ports, SinkFailed, execute};
pub use limits::Limits;
pub use sink::Sink;
pub use worker::{BoxFuture, Job, JobId, Report, Reporter, Said, Worker};
