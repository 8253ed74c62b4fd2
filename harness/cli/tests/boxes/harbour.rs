//! Boxes that are up, and the fleet that they are: `fixtures/boxes` in a git repository of its own, as a user has it.
//!
//! Flows in: commands as typed, files as edited. Flows out: what was printed, and what really runs on a box. Must not: know what a
//! test is about.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use lab::{
    fault::{Daemon, Fault},
    lab::Lab,
    tools::Tools,
    topology::{Overlay, Topology},
};
use tokio::runtime::Runtime;

use crate::shown::shown;

pub(crate) const MACHINES: [&str; 4] = ["cinnabar", "galena", "scheelite", "stibnite"];

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(60);

/// The boxes, the fleet, and a user's search path.
pub(crate) struct Harbour {
    // In the order in which they are to go.
    lab: Option<Lab>,
    runtime: Runtime,
    folder: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The lab's configuration in the place of the user's own, wherever that is read.
const AS_IF_HOME: &str = r#"#!/bin/sh
set -- "$@" --end
until [ "$1" = --end ]; do
    if [ "$1" = -F ]; then
        given=$2.boxes
        [ -e "$given" ] || { sed 's|^Include config$|Include CONFIG|' "$2" >"$2.$$" && mv "$2.$$" "$given"; }
        set -- "$@" -F "$given"
        shift
    else
        set -- "$@" "$1"
    fi
    shift
done
shift
[ -n "${given-}" ] || set -- -F CONFIG "$@"
exec SSH "$@"
"#;

impl Harbour {
    /// The fixture's own four.
    pub(crate) fn open() -> Self {
        Self::of(&MACHINES, None)
    }

    /// Brings boxes up, on version 1 of their systems. A fleet of others than the fixture's has a `fleet.toml` of its own.
    pub(crate) fn of(machines: &[&str], fleet: Option<&str>) -> Self {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
        let tools = Tools::find(&env::var_os("PATH").unwrap(), Overlay::None).unwrap();
        let topology = Topology::of_boxes(machines.iter().copied(), shown());
        let lab = runtime.block_on(Lab::up(topology, &folder.path().join("lab"), tools)).unwrap();
        let harbour = Self { lab: Some(lab), runtime, folder };
        harbour.search_path();
        harbour.fleet(machines, fleet);
        thread::scope(|scope| {
            for machine in machines {
                scope.spawn(|| harbour.install(machine));
            }
        });
        harbour
    }

    pub(crate) fn fleet_folder(&self) -> PathBuf {
        self.folder.path().join("fleet")
    }

    /// `seaworthy`, and an `ssh` that knows the boxes. OpenSSH asks the system where its user is at home, not `HOME`.
    fn search_path(&self) {
        let bin = self.folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_seaworthy"), bin.join("seaworthy")).unwrap();
        let path = env::var_os("PATH").unwrap();
        let mut ssh = env::split_paths(&path).map(|folder| folder.join("ssh"));
        let ssh = ssh.find(|file| file.is_file()).unwrap();
        let config = self.lab().ssh_config();
        let text = AS_IF_HOME.replace("CONFIG", config.to_str().unwrap());
        fs::write(bin.join("ssh"), text.replace("SSH", ssh.to_str().unwrap())).unwrap();
        fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn fleet(&self, machines: &[&str], fleet: Option<&str>) {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/boxes");
        let platform = format!("\"{}-linux\"", env::consts::ARCH);
        self.sh(&format!("cp -r '{}/.' . && echo '{platform}' >platform.nix", fixture.display()));
        if let Some(fleet) = fleet {
            fs::write(self.fleet_folder().join("fleet.toml"), fleet).unwrap();
            self.sh(&format!(
                "rm hosts/* && for each in {}; do echo '{{ version = \"1\"; }}' >hosts/$each.nix; done",
                machines.join(" ")
            ));
        }
        self.sh(&format!("git init --quiet && git add --all && {COMMIT} first"));
    }

    /// Puts a box onto what its fleet says, as whoever set it up did.
    fn install(&self, machine: &str) {
        let toplevel = format!(".#nixosConfigurations.{machine}.config.system.build.toplevel");
        let line = format!("\"$SEAWORTHY_NIX\" $FEATURES build --no-link --print-out-paths {toplevel}");
        let system = self.sh(&line).trim().to_owned();
        self.sh(&format!("\"$SEAWORTHY_NIX\" $FEATURES copy --to ssh://{machine} {system}"));
        self.on(
            machine,
            &format!(
                "nix-env -p /nix/var/nix/profiles/system --set {system} && {system}/bin/switch-to-configuration switch && \
                 ln -sfn {system} /run/booted-system"
            ),
        );
    }

    /// A line of shell in the fleet's folder, as a person would type it.
    pub(crate) fn command(&self, line: &str) -> Command {
        let bin = self.folder.path().join("bin");
        let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        // What is in a sandbox could not write the systems of boxes.
        let nix = env::var("NIX_CONFIG").unwrap_or_default() + "\nsandbox = false\n";
        command.args(["-c", line]).stdin(Stdio::null()).env_remove("CI").env("NO_COLOR", "1");
        command.envs([("PATH", path.as_str()), ("NIX_CONFIG", &nix), ("USER", "crs58"), ("COLUMNS", "100")]);
        command.env(
            "FEATURES",
            "--extra-experimental-features nix-command --extra-experimental-features flakes",
        );
        command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
        let folder = self.fleet_folder();
        fs::create_dir_all(&folder).unwrap();
        command.current_dir(folder);
        command
    }

    /// What a line comes to.
    pub(crate) fn run(&self, line: &str) -> Ended {
        let output = self.command(line).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What a line that has to succeed prints.
    #[track_caller]
    pub(crate) fn sh(&self, line: &str) -> String {
        let ended = self.run(line);
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
        ended.out
    }

    /// A command that ends so, and says these.
    #[track_caller]
    pub(crate) fn says(&self, line: &str, code: i32, parts: &[&str]) -> String {
        let ended = self.run(line);
        let said = format!("{}{}", ended.out, ended.err);
        // Lines are as long as the screen is wide.
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(words.contains(part), "{line}: without `{part}`:\n{said}");
        }
        assert_eq!(ended.code, Some(code), "{line}:\n{said}");
        said
    }

    /// Starts a command whose words go to a file.
    pub(crate) fn start(&self, line: &str) -> Running<'_> {
        let file = self.folder.path().join("said");
        let to = fs::File::create(&file).unwrap();
        let child = self.command(line).stdout(to.try_clone().unwrap()).stderr(to).spawn().unwrap();
        Running { child, file, _harbour: self }
    }

    /// Another version of a system, with shell that is run in the middle of its activation; committed.
    pub(crate) fn change(&self, machine: &str, version: &str, trouble: &str) {
        let text = format!("{{ version = \"{version}\"; trouble = \"{trouble}\"; }}\n");
        fs::write(self.fleet_folder().join(format!("hosts/{machine}.nix")), text).unwrap();
        self.sh(&format!("{COMMIT} {machine}"));
    }

    /// What a line that has to succeed prints on a box.
    #[track_caller]
    pub(crate) fn on(&self, machine: &str, line: &str) -> String {
        let ran = self.runtime.block_on(self.lab().host(machine).unwrap().run(line, LIMIT)).unwrap();
        assert_eq!(ran.status, Some(0), "{machine}: {ran:?}");
        ran.out.trim_end().to_owned()
    }

    /// The version that runs there and boots there, by what the box itself has; the one closure of both.
    #[track_caller]
    pub(crate) fn version(&self, machine: &str) -> (String, String) {
        let line = "readlink -f /run/current-system; dirname $(readlink /boot/init)";
        let said = self.on(machine, line);
        let (running, boots) = said.split_once('\n').unwrap();
        assert_eq!(running, boots, "{machine} is half of two closures");
        (running.rsplit('-').next().unwrap().to_owned(), running.to_owned())
    }

    /// The versions of all.
    pub(crate) fn versions(&self) -> [String; 4] {
        MACHINES.map(|machine| self.version(machine).0)
    }

    /// A machine does not answer, until it does again.
    pub(crate) fn silence(&mut self, machine: &str) {
        self.runtime.block_on(self.lab.as_mut().unwrap().begin(silent(machine))).unwrap();
    }

    pub(crate) fn wake(&mut self, machine: &str) {
        self.runtime.block_on(self.lab.as_mut().unwrap().undo(&silent(machine))).unwrap();
    }

    fn lab(&self) -> &Lab {
        self.lab.as_ref().unwrap()
    }
}

impl Drop for Harbour {
    fn drop(&mut self) {
        if let Some(lab) = self.lab.take() {
            self.runtime.block_on(lab.down());
        }
    }
}

const COMMIT: &str =
    "git -c user.name=test -c user.email=test@example.org -c gc.auto=0 commit --quiet --all --message";

fn silent(machine: &str) -> Fault {
    Fault::Stop { host: machine.to_owned(), daemon: Daemon::Sshd }
}

/// A command that goes on.
pub(crate) struct Running<'h> {
    child: Child,
    file: PathBuf,
    _harbour: &'h Harbour,
}

impl Running<'_> {
    fn said(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }

    /// Waits until it says so.
    #[track_caller]
    pub(crate) fn until(&mut self, part: &str) {
        let began = Instant::now();
        while !self.said().contains(part) {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < LIMIT,
                "without `{part}`: {ended:?}\n{}",
                self.said()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it ends: its exit status, and all that it said.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), self.said());
            }
            assert!(began.elapsed() < LIMIT, "it does not end:\n{}", self.said());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // A test that failed leaves none behind.
        let _gone = self.child.kill();
    }
}
