//! The command line: arguments in, a verdict and an exit code out.
//!
//! Flows in: arguments, the environment, the user's folder. Flows out: bytes on stdout and stderr, and an exit code.
//! The only room that prints and gives advice. Begin with [`pipeline`]: it is the whole flow on one page.

pub mod args;
pub mod boot;
pub mod command;
pub mod complain;
pub mod desk;
pub mod doctor;
pub mod environment;
pub mod evaluation;
pub mod evidence;
pub mod exit;
pub mod fleet;
pub mod imported;
pub mod init;
pub mod interrupts;
#[cfg(target_os = "linux")]
pub mod lab;
pub mod mesh;
pub mod pipeline;
pub mod planned;
pub mod print;
pub mod progress;
pub mod project;
pub mod reader;
pub mod report;
pub mod rollout;
pub mod screen;
pub mod settings;
pub mod sources;
pub mod stop;
pub mod suite;
pub mod terminal;
pub mod trial;
pub mod trouble;
pub mod verify;
pub mod watch;
pub mod worker;
