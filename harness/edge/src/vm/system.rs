//! What is booted in a machine's place: its real configuration, extended by the least that a guest needs, and built by nix;
//! or else what stands for it (`vm_build`, `given`).
//!
//! Flows in: a machine of the flake, and which of these the plan says. Flows out: a [`System`]: what to boot, and what of
//! the machine was replaced.
//! Must not: start anything but nix, change what the configuration says beyond `guest.nix`, or choose.
//!
//! What a built system is booted with stands in its `boot.json`: NixOS' bootspec (RFC 125), which every toplevel has
//! since 23.05.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use model::{fleet::BootSource, machine::MachineName, survey::NixError, verdict::Fault};
use serde::Deserialize;

use super::{
    drive::{Drive, Shared},
    given,
    standin::StandIns,
    vm_build,
};
use crate::{
    nix::{fault::NixFault, pool::Evaluators, prelude::one_line, unit::subject::output},
    process::{CaptureError, Captured},
};

/// A system that can be booted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct System {
    /// The kernel's image.
    pub(super) kernel: PathBuf,
    /// The initial file system.
    pub(super) initrd: Option<PathBuf>,
    /// What the kernel is told.
    pub(super) command_line: String,
    /// Its disks, in order.
    pub(super) disks: Vec<Drive>,
    /// What it mounts of this computer.
    pub(super) shares: Vec<Shared>,
    /// What of the machine a guest does not have, and what stands for it, in words.
    pub(super) replaced: Vec<String>,
}

/// Why there is nothing to boot.
#[derive(Debug)]
pub(super) enum Unbuilt {
    /// The configuration, extended, does not evaluate.
    Evaluation(Box<NixError>),
    /// A derivation of it does not build; nix's last lines.
    Build(Vec<String>),
    /// Nobody can tell.
    Fault(Fault),
}

/// What `guest.nix` is applied to, and what is told of it.
#[derive(Deserialize)]
struct Told {
    drv: Option<String>,
    vm: Option<String>,
    /// What has to build as well, and is not a part of the guest.
    checked: Vec<String>,
    replaced: Vec<String>,
}

#[derive(Deserialize)]
struct BootJson {
    #[serde(rename = "org.nixos.bootspec.v1")]
    spec: Bootspec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bootspec {
    kernel: PathBuf,
    initrd: Option<PathBuf>,
    init: String,
    kernel_params: Vec<String>,
}

/// Of what nix prints, more than this is not kept.
const MOST: usize = 8 << 20;
/// Lines of a failed build that are shown.
const LAST_LINES: usize = 30;
/// Asking the store what a system needs.
const STORE_LIMIT: Duration = Duration::from_secs(60);

/// Evaluates, builds and reads a machine's system. What is there already is not built again.
///
/// # Errors
/// It does not evaluate or build, it is not what the plan was made of, or nix does not work.
pub(super) async fn build(
    nix: &Evaluators,
    machine: &MachineName,
    source: &BootSource,
    stand_ins: &StandIns,
    limit: Duration,
) -> Result<System, Unbuilt> {
    if let BootSource::Given(given) = source {
        return given::build(nix, given, limit).await;
    }
    let told = evaluate(nix, machine, stand_ins).await?;
    for drv in &told.checked {
        realise(nix, &format!("{drv}^out"), limit).await?;
    }
    let mut system = match (source, told.drv, told.vm) {
        (BootSource::Configuration, Some(drv), _) => configuration(nix, &drv, limit).await?,
        (BootSource::VmBuild, _, Some(vm)) => vm_build::build(nix, &vm, limit).await?,
        _ => return Err(broken("the configuration changed while this ran")),
    };
    system.replaced.splice(0..0, told.replaced);
    Ok(system)
}

/// What a kernel is told of which nobody has said that it becomes a guest: where it writes is where it is read (the last
/// console is the one that programs write to), that systemd says what it has reached, that one that panics ends, and that a timer
/// which comes late, since the computer is busy, is not broken.
pub(super) fn on_the_console(append: &str) -> String {
    let console = vms::arguments::board().1;
    let append = append.split_ascii_whitespace().map(|word| format!("{word} ")).collect::<String>();
    format!("{append}console={console} systemd.show_status=true panic=-1 no_timer_check")
}

/// The system of a configuration that was extended, by its derivation.
async fn configuration(nix: &Evaluators, drv: &str, limit: Duration) -> Result<System, Unbuilt> {
    let toplevel = realise(nix, &format!("{drv}^out"), limit).await?;
    let Bootspec { kernel, initrd, init, kernel_params } = read_bootspec(&toplevel)?;
    let closure = closure(nix, &toplevel).await?;
    Ok(System {
        kernel,
        initrd,
        command_line: format!("{} init={init}", kernel_params.join(" ")),
        disks: vec![Drive::Store { toplevel, closure }],
        shares: Vec::new(),
        replaced: Vec::new(),
    })
}

async fn evaluate(nix: &Evaluators, machine: &MachineName, stand_ins: &StandIns) -> Result<Told, Unbuilt> {
    let of = output(&["nixosConfigurations".to_owned(), machine.0.clone()]);
    let guest = format!(
        "({}) {{ machine = {of}; guest = {}; sops = {}; tunnels = {}; }}",
        one_line(include_str!("system.nix")),
        one_line(include_str!("guest.nix")),
        stand_ins.sops(),
        stand_ins.tunnels(),
    );
    let told = nix.json("json", &guest, "null").await.map_err(fault)?;
    let told = told.map_err(|error| Unbuilt::Evaluation(Box::new(error)))?;
    serde_json::from_value(told).map_err(|_| broken("nix told nothing of a guest that could be read"))
}

/// Builds what nix calls an installable.
pub(super) async fn realise(
    nix: &Evaluators,
    installable: &str,
    limit: Duration,
) -> Result<PathBuf, Unbuilt> {
    let mut arguments = vec!["build", "--no-link", "--print-out-paths", "--print-build-logs", installable];
    arguments.extend(nix.nix().features());
    let captured = run(nix, &arguments, limit).await?;
    if !captured.status.success() {
        return Err(Unbuilt::Build(last_lines(&captured.stderr)));
    }
    let path = String::from_utf8_lossy(&captured.stdout);
    path.lines()
        .next()
        .map(PathBuf::from)
        .ok_or_else(|| broken("nix built a system and did not say where it is"))
}

#[expect(clippy::disallowed_methods, reason = "a file of the store, not of the user's")]
fn read_bootspec(toplevel: &Path) -> Result<Bootspec, Unbuilt> {
    let file = toplevel.join("boot.json");
    let read = std::fs::read(&file).map_err(|error| {
        let what = format!("the built system has no {}: {error}", file.display());
        Unbuilt::Fault(Fault {
            what,
            remedy: Some(
                "boot.json is written by NixOS 23.05 and newer, unless boot.bootspec.enable is false".into(),
            ),
            detail: Vec::new(),
        })
    })?;
    let parsed: Result<BootJson, _> = serde_json::from_slice(&read);
    parsed
        .map(|json| json.spec)
        .map_err(|error| broken(&format!("{} is no bootspec: {error}", file.display())))
}

async fn closure(nix: &Evaluators, toplevel: &Path) -> Result<Vec<PathBuf>, Unbuilt> {
    let toplevel = toplevel.to_string_lossy();
    let mut arguments = vec!["path-info", "--recursive", &toplevel];
    arguments.extend(nix.nix().features());
    let captured = run(nix, &arguments, STORE_LIMIT).await?;
    if !captured.status.success() {
        let detail = last_lines(&captured.stderr);
        let what = "nix could not tell what a system needs".to_owned();
        return Err(Unbuilt::Fault(Fault { what, remedy: None, detail }));
    }
    Ok(String::from_utf8_lossy(&captured.stdout).lines().map(PathBuf::from).collect())
}

async fn run(nix: &Evaluators, arguments: &[&str], limit: Duration) -> Result<Captured, Unbuilt> {
    let program = nix.nix().program(nix.folder(), arguments, None);
    nix.nix().spawner().capture(&program, limit, MOST).await.map_err(|error| {
        let remedy = matches!(error, CaptureError::TimedOut { .. })
            .then(|| "build the machine once by hand, then run this again".to_owned());
        Unbuilt::Fault(Fault { what: error.to_string(), remedy, detail: Vec::new() })
    })
}

fn last_lines(said: &[u8]) -> Vec<String> {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.len().saturating_sub(LAST_LINES);
    lines.into_iter().skip(last).map(str::to_owned).collect()
}

fn fault(fault: NixFault) -> Unbuilt {
    Unbuilt::Fault(fault.fault())
}

fn broken(what: &str) -> Unbuilt {
    Unbuilt::Fault(Fault { what: what.to_owned(), remedy: None, detail: Vec::new() })
}
