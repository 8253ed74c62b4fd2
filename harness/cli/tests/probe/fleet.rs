//! Hosts of a lab, and the folder of the fleet that they are.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use lab::topology::Overlay;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::linux::Test;

/// Which lab it is.
#[derive(Clone, Copy)]
pub(crate) struct Hosts {
    pub(crate) overlay: Overlay,
    /// Those who are accepted, then one who is not.
    pub(crate) members: &'static [&'static str],
    pub(crate) outsider: Option<&'static str>,
    /// Whether an authority of the fleet signs their keys.
    pub(crate) certificates: bool,
}

/// A lab that is up, and a fleet's folder.
pub(crate) struct Fleet {
    pub(crate) hosts: Hosts,
    folder: tempfile::TempDir,
    /// Where the lab is: its sockets are no part of a flake.
    runtime: tempfile::TempDir,
}

/// How a command ended: its exit status, what it printed, and what it said beside that.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Longer than any of them takes until everybody reaches everybody.
const WHOLE: Duration = Duration::from_secs(90);

impl Fleet {
    /// Brings the lab up, and takes it down whatever the test comes to.
    pub(crate) fn with(hosts: Hosts, test: Test) -> Result<(), Failed> {
        let fleet = Self { hosts, folder: tempfile::tempdir()?, runtime: tempfile::tempdir()? };
        let outsider = hosts.outsider.map_or_else(Vec::new, |outsider| vec!["--outsiders", outsider]);
        let certificates: &[&str] = if hosts.certificates { &["--certificates"] } else { &[] };
        let overlay = ["--overlay", hosts.overlay.as_str()];
        let up = fleet.lab(&[&["up"], hosts.members, &overlay, &outsider[..], certificates].concat());
        let done = up
            .and_then(|()| fleet.whole())
            .and_then(|()| fleet.write(hosts.members))
            .and_then(|()| test(&fleet));
        let down = fleet.lab(&["down"]);
        // Of a lab that never came up the first is the one that says why.
        done.and(down)
    }

    /// What the lab says of itself.
    pub(crate) fn shown(&self) -> Result<Value, Failed> {
        Ok(serde_json::from_str(&self.run(&["lab", "show", "--format", "json"])?.out)?)
    }

    /// Waits until everybody has met everybody.
    pub(crate) fn whole(&self) -> Result<(), Failed> {
        let began = Instant::now();
        loop {
            let shown = self.shown()?;
            let missing = shown["unreached"]["overlay"].as_array().ok_or("no pairs")?;
            if missing.is_empty() && self.all_online()? {
                return Ok(());
            }
            if began.elapsed() > WHOLE {
                return Err(format!("the overlay is not whole, without {missing:?}").into());
            }
            sleep(Duration::from_millis(200));
        }
    }

    /// A node of ZeroTier looks every five seconds whether it is, and meets others before.
    fn all_online(&self) -> Result<bool, Failed> {
        if self.hosts.overlay != Overlay::Zerotier {
            return Ok(true);
        }
        for host in self.hosts.members {
            if !self.run(&["lab", "ssh", host, "--", "zerotier-cli", "info"])?.out.contains("ONLINE") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
        command.args(["--color", "never"]).args(arguments).current_dir(self.path());
        command.env("XDG_RUNTIME_DIR", self.runtime.path()).env("COLUMNS", "100").env_remove("CI");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ended, Failed> {
        let output = self.command(arguments).output()?;
        let [out, err] =
            [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        Ok(Ended { code: output.status.code(), out, err })
    }

    /// A command on the lab that goes well.
    pub(crate) fn lab(&self, arguments: &[&str]) -> Result<(), Failed> {
        let ended = self.run(&[&["lab"], arguments].concat())?;
        if ended.code == Some(0) {
            Ok(())
        } else {
            Err(format!("lab {arguments:?}: {}{}", ended.out, ended.err).into())
        }
    }

    /// The lab's own configuration of ssh.
    pub(crate) fn config(&self) -> String {
        self.runtime.path().join("seaworthy-lab/ssh_config").display().to_string()
    }

    /// `mesh probe`, which ends so and prints these.
    pub(crate) fn probe(&self, arguments: &[&str], code: i32, parts: &[&str]) -> Result<Ended, Failed> {
        let ended = self.run(&[&["mesh", "probe", "-F", &self.config()], arguments].concat())?;
        let said = format!("{}{}", ended.out, ended.err);
        // Lines are as long as the screen is wide.
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        match parts.iter().find(|part| !words.contains(**part)) {
            None if ended.code == Some(code) => Ok(ended),
            missing => Err(format!("{arguments:?}: {:?}, without {missing:?}:\n{said}", ended.code).into()),
        }
    }

    /// Starts `mesh watch`, with its output going there.
    pub(crate) fn watch(&self, to: impl Into<Stdio>) -> Result<Child, Failed> {
        let config = self.config();
        let mut command = self.command(&["mesh", "watch", "--every", "1s", "-F", &config]);
        Ok(command.stdin(Stdio::null()).stdout(to).stderr(self.file("watch.err")?).spawn()?)
    }

    /// An empty file.
    pub(crate) fn file(&self, name: &str) -> Result<fs::File, Failed> {
        Ok(fs::File::create(self.path().join(name))?)
    }

    pub(crate) fn read(&self, file: &str) -> Result<String, Failed> {
        Ok(fs::read_to_string(self.path().join(file))?)
    }

    /// A file of the lab.
    pub(crate) fn of_lab(&self, file: &str) -> Result<String, Failed> {
        Ok(fs::read_to_string(self.runtime.path().join("seaworthy-lab").join(file))?)
    }

    /// Changes a file of the lab.
    pub(crate) fn change_of_lab(&self, file: &str, change: impl Fn(&str) -> String) -> Result<(), Failed> {
        let text = change(&self.of_lab(file)?);
        Ok(fs::write(self.runtime.path().join("seaworthy-lab").join(file), text)?)
    }

    pub(crate) fn put(&self, file: &str, text: &str) -> Result<String, Failed> {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    }
}
