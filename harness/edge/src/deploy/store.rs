//! The stores on both sides of a copy: building here, and bringing a closure there.
//!
//! Flows in: a closure, its derivation, a destination. Flows out: that it is here or there, or nix's last words. Must not: take
//! another closure for the one that was ordered.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use model::{machine::MachineName, rollout::End};

use super::closure::SystemPath;
use crate::{
    nix::{binary::Nix, words},
    process::CaptureError,
    ssh::Destination,
};

/// Bytes of nix's words that are kept.
const WORDS: usize = 64 << 10;

/// Bytes of what is told of two systems: ten thousand paths are one MiB.
const MANIFEST: usize = 8 << 20;

/// Nix on this computer, and what keeps its garbage collector from what is being promoted.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) nix: Nix,
    /// A link for each machine.
    pub(super) roots: PathBuf,
}

impl Store {
    /// Whether it is here and whole.
    pub(super) async fn has(&self, closure: &SystemPath) -> bool {
        let arguments = ["path-info".into(), closure.as_str().into()];
        self.run(arguments, None, Duration::from_secs(60)).await.is_ok()
    }

    /// Builds a derivation, or takes what a cache has, and keeps it.
    pub(super) async fn build(
        &self,
        machine: &MachineName,
        derivation: Option<&str>,
        closure: &SystemPath,
        limit: Duration,
    ) -> End {
        let root = self.roots.join(machine.as_str());
        let wanted = derivation.map_or_else(|| closure.as_str().to_owned(), |path| format!("{path}^out"));
        if let Err(error) = fs::create_dir_all(&self.roots) {
            return failed(format!("{} cannot be made: {error}", self.roots.display()));
        }
        let arguments = ["build".into(), "--out-link".into(), root.clone().into(), wanted.into()];
        match self.run(arguments, None, limit).await {
            Ok(()) => built(&root, closure),
            Err(why) => failed(why),
        }
    }

    /// Copies a closure, from here or, past this computer's store, from another. `options` are ssh's.
    pub(super) async fn copy(
        &self,
        closure: &SystemPath,
        from: Option<&Destination>,
        (to, by_sudo): (&Destination, bool),
        options: OsString,
        limit: Duration,
    ) -> Result<(), String> {
        let mut arguments = vec![OsString::from("copy")];
        if let Some(from) = from {
            arguments.extend(["--from".into(), address(from).into()]);
        }
        let to = if by_sudo { format!("{}{BY_SUDO}", address(to)) } else { address(to) };
        arguments.extend(["--to".into(), to.into(), closure.as_str().into()]);
        self.run(arguments, Some(options), limit).await
    }

    /// Copies a derivation, with all that it is built from.
    pub(super) async fn copy_derivation(
        &self,
        derivation: &str,
        to: &Destination,
        options: OsString,
        limit: Duration,
    ) -> Result<(), String> {
        let arguments = ["copy", "--derivation", "--to", &address(to), derivation].map(OsString::from);
        self.run(arguments, Some(options), limit).await
    }

    /// What a closure is made of, if it is here. `script` asks for it.
    ///
    /// # Errors
    /// It could not be asked; why.
    pub(super) async fn tell(&self, script: &str, limit: Duration) -> Result<String, String> {
        let mut program = self.nix.program(Path::new("/"), ["-s"], None);
        let mut search = program.path.parent().unwrap_or(Path::new("/")).as_os_str().to_owned();
        if let Some(path) = program.environment.get(OsStr::new("PATH")) {
            search.push(":");
            search.push(path);
        }
        program.path = "/bin/sh".into();
        program.environment.insert("PATH".into(), search);
        let answer = self.nix.spawner().answer(&program, Some(script.as_bytes()), limit, MANIFEST).await;
        let answer = answer.map_err(|error| error.to_string())?;
        if !answer.status.success() {
            return Err(words::of_complaint(&answer.stderr));
        }
        Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
    }

    async fn run(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
        ssh_options: Option<OsString>,
        limit: Duration,
    ) -> Result<(), String> {
        let features = self.nix.features().map(OsString::from);
        let mut program = self.nix.program(Path::new("/"), features.into_iter().chain(arguments), None);
        if let Some(options) = ssh_options {
            program.environment.insert("NIX_SSHOPTS".into(), options);
            program.environment.insert("LC_ALL".into(), "C".into());
        }
        match self.nix.spawner().capture(&program, limit, WORDS).await {
            Ok(captured) if captured.status.success() => Ok(()),
            Ok(captured) => Err(words::of_complaint(&captured.stderr)),
            Err(error @ CaptureError::TimedOut { .. }) => Err(error.to_string()),
            Err(CaptureError::Io { program, source }) => {
                Err(format!("`{program}` could not be run: {source}"))
            }
        }
    }
}

/// What was built has to be what was proven.
fn built(root: &Path, closure: &SystemPath) -> End {
    match fs::read_link(root) {
        Ok(path) if path == Path::new(closure.as_str()) => End::Done,
        Ok(path) => failed(format!("what was built is {}, not the closure that was proven", path.display())),
        Err(error) => failed(told(root, &error)),
    }
}

fn told(root: &Path, error: &io::Error) -> String {
    format!("{} cannot be read: {error}", root.display())
}

pub(super) fn failed(why: String) -> End {
    End::Failed { why }
}

/// Of a store's address (nix, "SSH Store"): who serves it there.
const BY_SUDO: &str = "?remote-program=sudo%20-n%20nix-store";

/// The old protocol: ssh-ng asks for signatures, and has been slow with large closures that are there already.
fn address(to: &Destination) -> String {
    let (user, host) =
        to.as_str().rsplit_once('@').map_or((None, to.as_str()), |(user, host)| (Some(user), host));
    let host = if host.matches(':').count() > 1 && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    user.map_or_else(|| format!("ssh://{host}"), |user| format!("ssh://{user}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_stands_in_brackets() {
        let of = |host: &str| address(&Destination::new(host, None).unwrap());
        assert_eq!(of("root@fd00::1"), "ssh://root@[fd00::1]");
        assert_eq!(of("web"), "ssh://web");
        assert_eq!(of("root@web.example.org"), "ssh://root@web.example.org");
    }
}
