//! The guard: a shell that kills our processes when we are gone.
//!
//! Flows in: the groups that run, one line each. Flows out: nothing, until its standard input ends, which the system
//! brings about when seaworthy dies, even by SIGKILL; then it kills every group that is left.
//! Must not: be needed. Where it cannot be started, processes still end with an orderly end of seaworthy.
//!
//! The usual means, `PR_SET_PDEATHSIG`, has to be called between fork and exec, which takes `unsafe`, and exists on
//! Linux only.

use std::{
    io::Write,
    process::{Child, ChildStdin, Stdio},
    sync::{Mutex, PoisonError},
};

use rustix::process::Pid;

const SCRIPT: &str = r#"
trap '' INT TERM HUP
live=' '
while read -r verb group; do
    case $verb in
        +) live="$live$group " ;;
        -) case $live in *" $group "*) live="${live%%" $group "*} ${live#*" $group "}" ;; esac ;;
    esac
done
for group in $live; do kill -9 "-$group" 2>/dev/null; done
"#;

/// The guard's shell, started with the first process.
#[derive(Debug, Default)]
pub(super) struct Guard {
    shell: Mutex<Shell>,
}

#[derive(Debug, Default)]
enum Shell {
    #[default]
    NotYet,
    Runs(Child, ChildStdin),
    CannotRun,
}

impl Guard {
    pub(super) fn watch(&self, group: Pid) {
        self.tell('+', group);
    }

    pub(super) fn forget(&self, group: Pid) {
        self.tell('-', group);
    }

    fn tell(&self, verb: char, group: Pid) {
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*shell, Shell::NotYet) {
            *shell = start();
        }
        if let Shell::Runs(_, stdin) = &mut *shell
            && writeln!(stdin, "{verb} {}", group.as_raw_nonzero()).is_err()
        {
            *shell = Shell::CannotRun;
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Shell::Runs(mut child, stdin) = std::mem::replace(shell, Shell::CannotRun) {
            drop(stdin);
            // It ends at once, and must not stay behind as a zombie.
            let _ = child.wait();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the guard has to outlive every process that it guards")]
fn start() -> Shell {
    use std::os::unix::process::CommandExt as _;
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", SCRIPT]).env_clear().current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(mut child) => match child.stdin.take() {
            Some(stdin) => Shell::Runs(child, stdin),
            None => Shell::CannotRun,
        },
        Err(_) => Shell::CannotRun,
    }
}
