//! What all tests of labs stand on: a lab in a temporary folder, and a test that is ignored where there can be none.

use std::{
    env,
    future::Future,
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};

use lab::{
    lab::Lab,
    probe::Plane,
    tools::Tools,
    topology::{Overlay, Topology},
};
use libtest_mimic::{Failed, Trial};

/// Longer than anything here takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// For what is to stay away.
pub(crate) const AWHILE: Duration = Duration::from_millis(1500);

/// A test of a lab with boxes.
pub(crate) fn box_trial<F: Future<Output = ()>>(
    name: &str,
    test: impl FnOnce(Rig) -> F + Send + 'static,
) -> Trial {
    let missing = tools(Overlay::None).and_then(|_| lab::tools::for_boxes()).err();
    trial_unless(missing, name, test)
}

/// A test of a lab with this overlay.
pub(crate) fn trial<F: Future<Output = ()>>(
    name: &str,
    overlay: Overlay,
    test: impl FnOnce(Rig) -> F + Send + 'static,
) -> Trial {
    trial_unless(tools(overlay).err(), name, test)
}

fn trial_unless<F: Future<Output = ()>>(
    missing: Option<lab::tools::Missing>,
    name: &str,
    test: impl FnOnce(Rig) -> F + Send + 'static,
) -> Trial {
    if let Some(missing) = &missing {
        eprintln!("{name} is ignored: {missing}");
    }
    let run = move || -> Result<(), Failed> {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(test(Rig::new()));
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(missing.is_some())
}

pub(crate) fn tools(overlay: Overlay) -> Result<Tools, lab::tools::Missing> {
    Tools::find(&env::var_os("PATH").unwrap_or_default(), overlay)
}

/// A folder for a lab.
pub(crate) struct Rig {
    parent: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        Self { parent: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.parent.path().join("lab")
    }

    pub(crate) async fn up(&self, topology: Topology) -> Lab {
        let tools = tools(topology.overlay).unwrap();
        Lab::up(topology, &self.folder(), tools).await.unwrap()
    }
}

/// Brings a lab up, says so, and stays.
#[expect(clippy::print_stdout, reason = "whoever started this process waits for it")]
pub(crate) fn hold(folder: &std::path::Path, boxes: bool) -> std::process::ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let topology = if boxes { Topology::of_boxes(["a", "b"], Vec::new()) } else { Topology::of(["a", "b"]) };
    runtime.block_on(async {
        let _lab = Lab::up(topology, folder, tools(Overlay::None).unwrap()).await.unwrap();
        println!("up");
        std::future::pending().await
    })
}

/// Runs a command by the operator's ssh.
pub(crate) async fn ssh(lab: &Lab, host: &str, command: &str) -> Output {
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(lab.ssh_config()).args(["-o", "ConnectTimeout=5", host, command]);
    // The doors are served by this runtime: it must not wait for ssh.
    tokio::task::spawn_blocking(move || ssh.output().unwrap()).await.unwrap()
}

pub(crate) fn out(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether both, of these two alone, are reached by the other.
pub(crate) async fn meet(lab: &Lab, a: &str, b: &str, plane: Plane, limit: Duration) -> (bool, bool) {
    let reach = lab.reach(&[a, b], plane, limit).await.unwrap();
    (reach.from_to(a, b), reach.from_to(b, a))
}

/// Processes whose command line holds this.
pub(crate) fn processes(with: &str) -> usize {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(with)).count()
}
