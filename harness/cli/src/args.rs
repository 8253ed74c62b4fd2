//! The command line as it is typed: raw values only. `settings` raises them into ready ones.

mod evidence;
mod lab;
mod mesh;
mod promote;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use evidence::{Evidence, Pull, Push};
pub use lab::{Lab, LabDaemon, LabOverlay, LabUp};
pub use mesh::{MatrixArguments, Mesh, ProbeArguments, WatchArguments, Who};
pub use promote::{Approve, Freeze, History, Promote, Rollback, Status};

use crate::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  seaworthy verify                               every check of the fleet in this folder
  seaworthy verify -m cinnabar                   the checks of one machine, and those of the fleet
  seaworthy verify -E 'tag(cloud) & stage(invariants)'
  seaworthy plan                                 what verify would run, and why
  seaworthy fleet lint                           what is wrong with fleet.toml, without evaluating
  seaworthy mesh matrix                          who must reach whom over the fleet's overlay networks";

/// What follows the options.
fn after_help() -> String {
    let codes: String =
        Exit::ALL.iter().map(|exit| format!("  {}  {}\n", exit.code(), exit.meaning())).collect();
    format!("Exit codes:\n{codes}\n{ENVIRONMENT}\n\n{EXAMPLES}")
}

const ENVIRONMENT: &str = "\
Environment:
  SEAWORTHY_NIX     the nix to use; by default the one on PATH
  SEAWORTHY_KERNEL  the kernel that guests boot where a machine's own cannot be built or read";

/// Proves a Nix fleet before it sails.
#[derive(Debug, Parser)]
#[command(name = "seaworthy", version, about, after_help = after_help(), propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub everywhere: Everywhere,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Everywhere {
    /// The fleet's folder; by default the nearest one upwards with a fleet.toml or a flake.nix
    #[arg(long, short = 'C', global = true, value_name = "FOLDER")]
    pub project: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set; also with CLICOLOR_FORCE.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the fleet's checks and say which gates are open
    #[command(visible_alias = "v")]
    Verify(Verify),
    /// Show what verify would run, and why
    Plan(PlanArguments),
    /// Show what is defined
    #[command(subcommand)]
    Fleet(Fleet),
    /// Show who must reach whom, and ask the machines who does
    #[command(subcommand)]
    Mesh(Mesh),
    /// Show and test the suites
    #[command(subcommand)]
    Suites(Suites),
    /// Boot one machine as a guest, with its console on this terminal
    Boot(Boot),
    /// Try a network out: hosts on this computer, with sshd and an overlay, and what may go wrong
    #[command(subcommand)]
    Lab(Lab),
    /// Show how each machine stands: what runs, what is wanted, and what is in the way
    Status(Status),
    /// Bring what is proven to machines, wave by wave
    Promote(Promote),
    /// Agree to a wave of the last promotion
    Approve(Approve),
    /// Stop all further activations
    Freeze(Freeze),
    /// Allow activations again
    Thaw,
    /// Take one machine back to what ran there before
    Rollback(Rollback),
    /// Show what happened in a promotion, and why
    History(History),
    /// Carry what one computer proved to another, by git
    #[command(subcommand)]
    Evidence(Evidence),
    /// Report on an earlier run
    Report(Report),
    /// Say what this machine has, and what each missing thing costs
    Doctor(Doctor),
    /// Write fleet.toml, a justfile recipe and a CI workflow; never overwrites
    Init(Init),
}

/// Which checks are meant.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Only these machines (and the fleet as a whole)
    #[arg(long = "machine", short, value_name = "NAME", value_delimiter = ',')]
    pub machines: Vec<String>,
    /// Only machines with one of these tags (and the fleet as a whole)
    #[arg(long = "tag", short, value_name = "TAG", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// Only these stages
    #[arg(long = "stage", short, value_name = "STAGE", value_delimiter = ',')]
    pub stages: Vec<String>,
    /// Only these suites
    #[arg(long = "suite", value_name = "SUITE", value_delimiter = ',')]
    pub suites: Vec<String>,
    /// Only checks that match, such as 'tag(cloud) & stage(invariants)'; `seaworthy plan --help` teaches the language
    #[arg(long = "filter-expr", short = 'E', value_name = "FILTER")]
    pub filter: Option<String>,
}

/// `seaworthy boot`
#[derive(Debug, Args)]
#[command(after_help = BOOT)]
pub struct Boot {
    /// A NixOS machine of the fleet
    #[arg(value_name = "MACHINE")]
    pub machine: String,
    /// Print the command that boots it instead, to be run or changed by hand
    #[arg(long, conflicts_with = "shell")]
    pub print: bool,
    /// Open a root shell in it instead of its console: at once, where it came up before
    #[arg(long)]
    pub shell: bool,
}

const BOOT: &str = "\
The machine's own configuration is built and booted as `verify` does it: a root in memory, no network, made-up secrets. \
A root shell comes up on this terminal as soon as systemd runs. Ctrl-A X ends the guest, Ctrl-A C asks QEMU.

With --shell the guest is up before the shell opens, restored from where it had come up if that was ever seen. `exit` or \
Ctrl-A X ends both; however the shell ended, the exit status is 0.";

/// The form of what is printed on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document, versioned; reports/JSON.md describes it.
    Json,
    /// JUnit XML.
    Junit,
    /// A summary for a pull request or a CI step.
    Markdown,
}

/// `seaworthy verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Which checks are meant.
    #[command(flatten)]
    pub selection: Selection,
    /// Ask everything again, whatever evidence there is
    #[arg(long)]
    pub fresh: bool,
    /// How many checks run at once; by default one a processor
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Leave the first guest that fails running, and open a root shell in it after the report
    #[arg(long)]
    pub keep: bool,
    /// The form of the report on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Also write the report as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Also write (append) the summary as Markdown, for example to "$GITHUB_STEP_SUMMARY"
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
}

const FILTERS: &str = r"Filters (-E) keep the checks of which they are true.

  About the machine that a check is about; never true of a check of the fleet as a whole:
    machine(cinnabar)         the machine of this name
    tag(cloud)                machines with this tag
    class(darwin)             nixos, darwin or home
  About the check:
    stage(invariants)         its stage
    suite(inventory)          its suite
    rule(host/way-in)         its rule, as findings name it
    check(host::way-in::*)    its id, as `seaworthy plan -v` shows it
    test(.#tests::lib.add)    the expression test of this id, or of this path in its tree
  About nothing:
    all()  none()             every check, and no check

  What stands between the parentheses:
    rule(host/*)              a glob, where there is a `*` (any characters) or a `?` (one)
    rule(#host/*)             a glob in any case
    machine(=a*b)             exactly this name, whatever is in it
    test(~greets)             a part of the name
    machine(/^web[0-9]+$/)    a regular expression that matches somewhere in the name
    machine(a\)b)             `\` before a sign that would mean something: ) \ ( / = ~ #

  Together, what binds most first:
    !tag(cloud)               not; also `not tag(cloud)`
    tag(a) & tag(b)           both; also `and`
    tag(a) - tag(b)           the first and not the second; binds as `&` does
    tag(a) | tag(b)           either; also `or` and `+`
    (tag(a) | tag(b)) & !rule(host/*)";

/// `seaworthy plan`
#[derive(Debug, Args)]
#[command(after_help = FILTERS)]
pub struct PlanArguments {
    /// Which checks are meant.
    #[command(flatten)]
    pub selection: Selection,
    /// Plan to ask everything again
    #[arg(long)]
    pub fresh: bool,
    /// Name every check
    #[arg(long, short)]
    pub verbose: bool,
    /// The form of the plan on stdout
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub format: PlanFormat,
}

/// The form of a plan on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

/// `seaworthy fleet`
#[derive(Debug, Subcommand)]
pub enum Fleet {
    /// Machines, tags, roles: the fleet as it resolves
    Show {
        /// The form on stdout
        #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
        format: PlanFormat,
    },
    /// Everything wrong with fleet.toml, each problem at its line; evaluates nothing
    Lint,
    /// The facts document that policies are asked about, as JSON
    Facts {
        /// Only the part at this JSON pointer, such as /machines/cinnabar
        #[arg(value_name = "POINTER")]
        pointer: Option<String>,
    },
}

/// `seaworthy suites`
#[derive(Debug, Subcommand)]
pub enum Suites {
    /// The suites, built-in and of this fleet, with their rules
    List,
    /// Run the suites' own cases: every bad case must give exactly its findings
    Test {
        /// Only these suites
        #[arg(value_name = "SUITE")]
        names: Vec<String>,
    },
}

/// `seaworthy report`
#[derive(Debug, Args)]
pub struct Report {
    /// The run; by default the last one
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// List the runs
    #[arg(long, conflicts_with = "run")]
    pub list: bool,
    /// The form on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `seaworthy doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// The form on stdout
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub format: PlanFormat,
}

/// `seaworthy init`
#[derive(Debug, Args)]
pub struct Init {
    /// Only say what would be written
    #[arg(long)]
    pub dry_run: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_of_the_help_is_one() {
        let examples = FILTERS.lines().filter_map(|line| line.strip_prefix("    "));
        let read: Vec<_> = examples
            .map(|line| line.split("  ").next().unwrap())
            .map(|filter| {
                plan::Filter::parse(filter).map_err(|errors| format!("{filter}: {errors:?}")).unwrap()
            })
            .collect();
        assert!(read.len() >= 19, "{}", read.len());
    }

    /// A paragraph is broken where the screen ends: what is broken before that by hand becomes ragged.
    #[test]
    fn no_paragraph_of_the_help_is_broken_at_two_widths() {
        fn held(command: &clap::Command) {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let paragraphs = text.split("\n\n").filter(|text| !text.contains("\n  "));
            for line in paragraphs.filter(|text| text.contains('\n')).flat_map(str::lines) {
                assert!(line.len() <= 100, "{}: {line}", command.get_name());
            }
            command.get_subcommands().for_each(held);
        }
        held(&<Arguments as clap::CommandFactory>::command());
    }
}
