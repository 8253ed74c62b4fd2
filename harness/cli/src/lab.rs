//! `seaworthy lab`: hosts on this computer, and what may go wrong between them.
//!
//! Flows in: a topology, then faults. Flows out: what the lab is like. Must not: hold a lab in a process that a person waits for.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout},
};

use ::lab::{
    fault::{Daemon, Fault},
    topology::{Host, Overlay, Topology},
};
use edge::{
    lab::{Answer, Ask, AskError, Held, Shown, ask, whole},
    process::{become_named, start_ourselves},
};
use tokio::sync::mpsc;

use crate::{
    args::{self, LabDaemon, LabOverlay, PlanFormat},
    environment::Environment,
    exit::Exit,
    progress::Spinner,
    screen::Screen,
    stop::Stop,
};

/// Carries out what is asked of a lab.
///
/// # Errors
/// There is none, or it refuses.
pub async fn carry_out(
    options: args::Lab,
    environment: &Environment,
    screen: Screen,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let folder = folder(environment);
    let question = match options {
        args::Lab::Up(options) => return up(&options, &folder, screen, interrupts).await,
        args::Lab::Hold => return hold(&folder, environment, interrupts).await,
        args::Lab::Ssh { host, command } => return ssh(&folder, &host, &command).await,
        args::Lab::Show { format } => return show(&folder, format, screen).await,
        args::Lab::Cut { from, to, one_way } => Ask::Begin(Fault::Cut { from, to, one_way }),
        args::Lab::Lose { from, to, percent } => Ask::Begin(Fault::Lose { from, to, percent }),
        args::Lab::Delay { from, to, by } => Ask::Begin(Fault::Delay { from, to, by }),
        args::Lab::Stop { host, daemon } => Ask::Begin(Fault::Stop { host, daemon: raised(daemon) }),
        args::Lab::Revoke { host } => Ask::Begin(Fault::Revoke { host }),
        args::Lab::Admit { host } => Ask::Begin(Fault::Admit { host }),
        args::Lab::Expire { host } => Ask::Begin(Fault::Expire { host }),
        args::Lab::Twin { host, of } => Ask::Begin(Fault::SameAddress { host, of }),
        args::Lab::Mend => Ask::Mend,
        args::Lab::Down => Ask::Down,
    };
    answered(&folder, &question).await.map(|_| Exit::Open)
}

/// One lab a user: in the folder for what runs, which is in memory and gone after a restart.
fn folder(environment: &Environment) -> PathBuf {
    let runtime = environment.all.get(OsStr::new("XDG_RUNTIME_DIR")).filter(|folder| !folder.is_empty());
    runtime.map_or_else(|| PathBuf::from("/run"), PathBuf::from).join("seaworthy-lab")
}

fn raised(daemon: LabDaemon) -> Daemon {
    match daemon {
        LabDaemon::Sshd => Daemon::Sshd,
        LabDaemon::Overlay => Daemon::Overlay,
    }
}

fn topology(options: &args::LabUp) -> Topology {
    let named = |names: &[String], outsider| {
        names.iter().map(|name| (name.clone(), Host { outsider, systemd: false })).collect::<Vec<_>>()
    };
    let overlay = match options.overlay {
        LabOverlay::None => Overlay::None,
        LabOverlay::Wireguard => Overlay::Wireguard,
        LabOverlay::Yggdrasil => Overlay::Yggdrasil,
        LabOverlay::Zerotier => Overlay::Zerotier,
    };
    let hosts = named(&options.hosts, false).into_iter().chain(named(&options.outsiders, true)).collect();
    Topology { overlay, certificates: options.certificates, hosts, ..Topology::default() }
}

/// A name that is given more than once.
fn twice(options: &args::LabUp) -> Option<&str> {
    let mut names = BTreeSet::new();
    options.hosts.iter().chain(&options.outsiders).map(String::as_str).find(|name| !names.insert(*name))
}

/// Starts the process that holds the lab, and waits until it is up.
async fn up(
    options: &args::LabUp,
    folder: &Path,
    screen: Screen,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    if let Some(name) = twice(options) {
        return Err(Stop::input(format!("two hosts are called `{name}`")));
    }
    let topology = topology(options);
    topology.check().map_err(|error| Stop::input(error.to_string()))?;
    if !matches!(ask(folder, &Ask::Show).await, Err(AskError::NoLab)) {
        return Err(Stop::input("a lab is up already").help("`seaworthy lab down` takes it down"));
    }
    let spinner = Spinner::start(screen, "bringing the lab up");
    let mut input =
        serde_json::to_vec(&topology).map_err(|error| no_lab("it cannot be told").because(error))?;
    input.push(b'\n');
    let Child { stdin, stdout, .. } = start_ourselves(&["lab", "hold"], &input)
        .map_err(|error| no_lab("its process did not start").because(error))?;
    let mut listening = tokio::task::spawn_blocking(move || told(stdout));
    let told = tokio::select! {
        biased;
        Some(()) = interrupts.recv() => {
            drop(stdin);
            let _gone = listening.await;
            if !matches!(ask(folder, &Ask::Down).await, Ok(_) | Err(AskError::NoLab)) {
                return Err(Stop::undecided("stopped just as the lab was up").help("`seaworthy lab down` takes it down"));
            }
            return Err(Stop::undecided("stopped before the lab was up; nothing is left of it"));
        }
        told = &mut listening => told.map_err(io::Error::other).flatten(),
    };
    drop((spinner, stdin));
    match told.map_err(|error| no_lab("its process did not start").because(error))?.as_str() {
        UP => {}
        "" => return Err(no_lab("its process is gone, without a word")),
        why => return Err(no_lab(why)),
    }
    let Answer::Shown(shown) = answered(folder, &Ask::Show).await? else {
        return Err(no_lab("it answers something else"));
    };
    print(screen, &text(&shown))?;
    screen.note("`seaworthy lab ssh HOST` leads to a host, `seaworthy lab down` ends it");
    Ok(Exit::Open)
}

/// What the process that holds a lab says when it is up. Anything else is why it is not.
const UP: &str = "up";

/// What it says.
fn told(stdout: Option<ChildStdout>) -> io::Result<String> {
    let mut told = String::new();
    if let Some(stdout) = stdout {
        BufReader::new(stdout).read_line(&mut told)?;
    }
    Ok(told.trim_end().to_owned())
}

/// Holds a lab: its topology is read, and then it is said whether it is up. From there on nobody listens. Who goes before that, by
/// Ctrl-C or killed, wants no lab.
async fn hold(
    folder: &Path,
    environment: &Environment,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    // Ctrl-C at the terminal is not meant for it. It leads its session already where it was started by hand.
    let _leads = rustix::process::setsid();
    let mut input = String::new();
    io::stdin().read_line(&mut input).map_err(|error| no_lab("no topology").because(error))?;
    let topology = serde_json::from_str(&input).map_err(|error| no_lab("no topology").because(error))?;
    let search_path = environment.path.clone().unwrap_or_default();
    let abandoned = tokio::task::spawn_blocking(|| io::stdin().read(&mut [0]));
    let held = tokio::select! {
        biased;
        _gone = abandoned => return Ok(Exit::Undecided),
        held = Held::up(topology, folder, &search_path) => held,
    };
    let screen = Screen::detect(args::Color::Never, environment.wishes);
    match held {
        Ok(held) => {
            print(screen, &format!("{UP}\n"))?;
            quiet().map_err(|error| no_lab("it cannot let go of the terminal").because(error))?;
            held.answer(interrupts).await;
        }
        Err(error) => print(screen, &format!("{}\n", whole(&error)))?,
    }
    Ok(Exit::Open)
}

/// Lets go of the streams of whoever started this: they would wait for their end.
fn quiet() -> io::Result<()> {
    let nowhere = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty())?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    Ok(())
}

async fn ssh(folder: &Path, host: &str, command: &[String]) -> Result<Exit, Stop> {
    let Answer::Shown(shown) = answered(folder, &Ask::Show).await? else {
        return Err(no_lab("it answers something else"));
    };
    if !shown.hosts.iter().any(|known| known.name == host) {
        let names: Vec<&str> = shown.hosts.iter().map(|host| host.name.as_str()).collect();
        return Err(Stop::input(format!("no host is called `{host}`"))
            .help(format!("there are {}", names.join(", "))));
    }
    let config = folder.join("ssh_config").display().to_string();
    let words: Vec<&str> =
        ["-F", &config, host].into_iter().chain(command.iter().map(String::as_str)).collect();
    Err(Stop::broken("ssh cannot be started").because(become_named("ssh", &words)))
}

async fn show(folder: &Path, format: PlanFormat, screen: Screen) -> Result<Exit, Stop> {
    let Answer::Shown(shown) = answered(folder, &Ask::Show).await? else {
        return Err(no_lab("it answers something else"));
    };
    let text = match format {
        PlanFormat::Human => {
            format!("{}reached by `ssh -F {}`\n", text(&shown), folder.join("ssh_config").display())
        }
        PlanFormat::Json => {
            serde_json::to_string(&shown)
                .map_err(|error| Stop::broken("what the lab is like cannot be written").because(error))?
                + "\n"
        }
    };
    print(screen, &text)?;
    Ok(Exit::Open)
}

fn text(shown: &Shown) -> String {
    let width = shown.hosts.iter().map(|host| host.name.len()).max().unwrap_or_default();
    let mut lines: Vec<String> = shown
        .hosts
        .iter()
        .map(|host| {
            let [v4, v6] = host.plain;
            let overlay = host.overlay.map_or_else(String::new, |address| format!("  {address}"));
            let outsider = if host.outsider { "  (outsider)" } else { "" };
            format!("{:width$}  {v4:<15}  {v6:<15}{overlay}{outsider}", host.name)
        })
        .collect();
    lines.extend(shown.faults.iter().map(|fault| format!("wrong: {fault}")));
    for (network, pairs) in [("plain network", &shown.unreached.plain), ("overlay", &shown.unreached.overlay)]
    {
        lines.extend(pairs.iter().map(|[from, to]| format!("{network}: {from} does not reach {to}")));
    }
    if shown.unreached.plain.is_empty() && shown.unreached.overlay.is_empty() {
        lines.push("all reach each other".to_owned());
    }
    lines.join("\n") + "\n"
}

async fn answered(folder: &Path, question: &Ask) -> Result<Answer, Stop> {
    match ask(folder, question).await {
        Ok(Answer::Refused(why)) => Err(Stop::input(why)),
        Ok(answer) => Ok(answer),
        Err(AskError::NoLab) => {
            Err(Stop::input("no lab is up").help("`seaworthy lab up HOST...` brings one up, as root"))
        }
        Err(error) => Err(Stop::broken(error.to_string()).because(whole(&error))),
    }
}

fn no_lab(why: &str) -> Stop {
    Stop::broken(format!("there is no lab: {why}"))
}

fn print(screen: Screen, text: &str) -> Result<(), Stop> {
    screen.out(text).map_err(|error| Stop::broken("stdout cannot be written").because(error))
}
