//! Three hosts of a lab with WireGuard, and the fleet that they are: its flake says what the lab has.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use libtest_mimic::Failed;
use serde_json::Value;

use crate::linux::Test;

/// A lab that is up, and a fleet's folder.
pub(crate) struct Fleet {
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

pub(crate) const HOSTS: [&str; 3] = ["a", "b", "c"];

impl Fleet {
    /// Brings the lab up, and takes it down whatever the test comes to.
    pub(crate) fn with(test: Test) -> Result<(), Failed> {
        let fleet = Self { folder: tempfile::tempdir()?, runtime: tempfile::tempdir()? };
        let up = fleet.lab(&[&["up"], &HOSTS[..], &["--overlay", "wireguard"]].concat());
        let done = up.and_then(|()| fleet.write(&HOSTS)).and_then(|()| test(&fleet));
        fleet.lab(&["down"])?;
        done
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

    /// Starts `mesh watch`, with its output going to a file.
    pub(crate) fn watch(&self, to: &str) -> Result<Child, Failed> {
        let file = fs::File::create(self.path().join(to))?;
        let config = self.config();
        let mut command = self.command(&["mesh", "watch", "--every", "1s", "-F", &config]);
        Ok(command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?)
    }

    pub(crate) fn read(&self, file: &str) -> Result<String, Failed> {
        Ok(fs::read_to_string(self.path().join(file))?)
    }

    /// A file of the lab.
    pub(crate) fn of_lab(&self, file: &str) -> Result<String, Failed> {
        Ok(fs::read_to_string(self.runtime.path().join("seaworthy-lab").join(file))?)
    }

    pub(crate) fn put(&self, file: &str, text: &str) -> Result<String, Failed> {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// Writes the fleet as the lab is; these machines have a `deploy.targetHost`.
    pub(crate) fn write(&self, reached: &[&str]) -> Result<(), Failed> {
        let shown: Value = serde_json::from_str(&self.run(&["lab", "show", "--format", "json"])?.out)?;
        let hosts = shown["hosts"].as_array().ok_or("no hosts")?;
        let mut known = Vec::new();
        for host in hosts {
            let [name, plain, overlay] = [&host["name"], &host["plain"][0], &host["overlay"]]
                .map(|value| value.as_str().unwrap_or_default().to_owned());
            let key = self.run(&["lab", "ssh", &name, "--", "wg", "show", "overlay", "public-key"])?.out;
            self.put(&format!("vars/per-machine/{name}/wireguard-keys-overlay/publickey/value"), key.trim())?;
            known.push((name, plain, overlay, key.trim().to_owned()));
        }
        let mut flake = "{ outputs = _: { nixosConfigurations = {\n".to_owned();
        let mut inventory = "[inventory.meta]\nname = \"lagoon\"\n".to_owned();
        for (name, _, address, _) in &known {
            let others = known.iter().filter(|(other, ..)| other != name).map(|(_, plain, overlay, key)| {
                format!(r#"{{ publicKey = "{key}"; allowedIPs = [ "{overlay}/128" ]; endpoint = "{plain}:51820"; }}"#)
            });
            let peers = others.collect::<Vec<_>>().join(" ");
            writeln!(
                flake,
                r#"{name}.config = {{
                    networking = {{
                        hostName = "{name}";
                        firewall = {{ enable = true; allowedTCPPorts = [ 22 ]; allowedUDPPorts = [ 51820 ]; }};
                        wireguard.interfaces.overlay = {{ ips = [ "{address}/128" ]; listenPort = 51820; peers = [ {peers} ]; }};
                    }};
                    services.openssh = {{ enable = true; ports = [ 22 ]; }};
                    boot.kernel.sysctl = {{ }};
                }};"#
            )?;
            let target = if reached.contains(&name.as_str()) {
                format!("deploy.targetHost = \"{name}\"\n")
            } else {
                String::new()
            };
            write!(inventory, "[inventory.machines.{name}]\n{target}")?;
        }
        inventory += "[inventory.instances.overlay]\nmodule.name = \"wireguard\"\nroles.peer.tags.all = {}\n";
        self.put("flake.nix", &(flake + "}; }; }"))?;
        self.put("fleet.toml", &inventory)?;
        Ok(())
    }
}
