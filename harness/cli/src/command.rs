//! From a command to what carries it out.

use crate::{
    args::{Arguments, Command, Evidence, Fleet, Mesh, Suites},
    boot,
    desk::Desk,
    doctor,
    environment::Environment,
    evidence,
    exit::Exit,
    fleet, init, interrupts, mesh, planned, report,
    rollout::{self, OverSsh},
    screen::Screen,
    stop::Stop,
    suite, verify, watch,
};

/// Carries out a command.
///
/// # Errors
/// It cannot go on: the input is wrong, or the harness broke.
pub fn carry_out(arguments: Arguments, environment: Environment, screen: Screen) -> Result<Exit, Stop> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Stop::broken("no threads could be started").because(error))?;
    let exit = runtime.block_on(dispatch(arguments, environment, screen));
    // A question that cannot be interrupted, an evaluation of a policy for one, does not keep the process.
    runtime.shutdown_background();
    exit
}

async fn dispatch(arguments: Arguments, environment: Environment, screen: Screen) -> Result<Exit, Stop> {
    let mut interrupts = interrupts::listen();
    let everywhere = arguments.everywhere;
    if let Command::Doctor(options) = &arguments.command {
        let folder = everywhere.project.unwrap_or_else(|| environment.folder.clone());
        return doctor::examine(options, &folder, &environment, screen).await;
    }
    if let Command::Lab(options) = arguments.command {
        return lab(options, &environment, screen, &mut interrupts).await;
    }
    let desk = Desk::at(&everywhere, environment, screen)?;
    match arguments.command {
        Command::Verify(options) => verify::verify(&desk, &options, &mut interrupts).await,
        Command::Plan(options) => planned::show(&desk, &options, &mut interrupts).await,
        Command::Fleet(Fleet::Show { format }) => fleet::show(&desk, format, &mut interrupts).await,
        Command::Fleet(Fleet::Lint) => fleet::lint(&desk, &mut interrupts).await,
        Command::Fleet(Fleet::Facts { pointer }) => {
            fleet::facts(&desk, pointer.as_deref(), &mut interrupts).await
        }
        Command::Mesh(Mesh::Matrix(options)) => mesh::matrix(&desk, &options, &mut interrupts).await,
        Command::Mesh(Mesh::Probe(options)) => mesh::probe(&desk, &options, &mut interrupts).await,
        Command::Mesh(Mesh::Watch(options)) => watch::watch(&desk, &options, &mut interrupts).await,
        Command::Suites(Suites::List) => suite::list(&desk).await,
        Command::Suites(Suites::Test { names }) => suite::test(&desk, &names).await,
        Command::Boot(options) => boot::boot(&desk, &options, &mut interrupts).await,
        Command::Status(options) => {
            rollout::status::show(&desk, &options, &OverSsh::find(&desk).await?, &mut interrupts).await
        }
        Command::Promote(options) => {
            rollout::promote::promote(&desk, &options, &OverSsh::find(&desk).await?, &mut interrupts).await
        }
        Command::Approve(options) => rollout::people::approve(&desk, &options, &mut interrupts).await,
        Command::Freeze(options) => rollout::people::freeze(&desk, &options),
        Command::Thaw => rollout::people::thaw(&desk),
        Command::Rollback(options) => {
            rollout::rollback::roll_back(&desk, &options, &OverSsh::find(&desk).await?, &mut interrupts).await
        }
        Command::History(options) => rollout::history::show(&desk, &options),
        Command::Evidence(Evidence::Push(options)) => evidence::push(&desk, &options, &mut interrupts).await,
        Command::Evidence(Evidence::Pull(options)) => evidence::pull(&desk, &options).await,
        Command::Report(options) => report::report(&desk, &options),
        Command::Init(options) => init::init(&desk, &options, &mut interrupts).await,
        // Carried out above: a machine can be examined, and a lab be up, where there is no fleet.
        Command::Doctor(_) | Command::Lab(_) => Ok(Exit::Open),
    }
}

#[cfg(target_os = "linux")]
use crate::lab::carry_out as lab;

#[cfg(not(target_os = "linux"))]
async fn lab(
    _options: crate::args::Lab,
    _environment: &Environment,
    _screen: Screen,
    _interrupts: &mut tokio::sync::mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    Err(Stop::broken("a lab is made of Linux's namespaces")
        .help("run it on Linux, in a virtual machine for one"))
}
