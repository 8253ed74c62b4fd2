//! What can be said of an accelerator without a boot: that it is not there, or may not be used.
//!
//! Flows in: the accelerator and the root folder, or QEMU's own words when it would not start. Flows out: an answer, or
//! nothing when only a boot can tell. Must not: call anything usable.

use std::{fs::OpenOptions, io, path::Path};

use super::{Accelerator, Answer, Unusable, below};

const KVM: &str = "/dev/kvm";

/// Looks at the device, where the accelerator has one.
#[must_use]
pub fn look(accelerator: Accelerator, root: &Path) -> Option<Answer> {
    match accelerator {
        Accelerator::Kvm => open_kvm(&below(root, KVM)),
        Accelerator::Hvf | Accelerator::Tcg => None,
    }
}

fn open_kvm(device: &Path) -> Option<Answer> {
    let error = OpenOptions::new().read(true).write(true).open(device).err()?;
    let named = |what: &str| format!("{KVM}: {what}");
    Some(match error.kind() {
        io::ErrorKind::NotFound => Answer::Absent { why: format!("there is no {KVM}") },
        io::ErrorKind::PermissionDenied => {
            Answer::NoPermission { why: named("permission denied; add this user to the group that owns it") }
        }
        // A node without a driver behind it.
        _ if is_driverless(&error) => Answer::Absent { why: named("no driver answers") },
        _ => Answer::Unusable(Unusable { why: named(&error.to_string()), last_lines: Vec::new() }),
    })
}

fn is_driverless(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let codes = [Errno::NXIO, Errno::NODEV].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// What it means that QEMU would not start a machine, by what it wrote. Source: QEMU `accel/accel-system.c`,
/// `accel/kvm/kvm-all.c`, `accel/hvf/hvf-all.c`.
#[must_use]
pub fn refusal(accelerator: Accelerator, said: Vec<String>) -> Answer {
    let says = |words: &str| said.iter().any(|line| line.contains(words));
    if says("invalid accelerator") {
        return Answer::Absent { why: format!("this QEMU is built without {accelerator}") };
    }
    if says("Permission denied") || says("HV_DENIED") {
        return Answer::NoPermission { why: said.join("; ") };
    }
    Answer::Unusable(Unusable { why: "QEMU would not start a machine with it".to_owned(), last_lines: said })
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink, path::Path};

    use super::{look, refusal};
    use crate::accelerator::{Accelerator, Answer};

    fn refused(said: &str) -> Answer {
        refusal(Accelerator::Kvm, vec![said.to_owned()])
    }

    #[test]
    fn no_device_is_absent() {
        let root = tempfile::tempdir().unwrap();
        let answer = look(Accelerator::Kvm, root.path());
        assert!(
            matches!(&answer, Some(Answer::Absent { why }) if why == "there is no /dev/kvm"),
            "{answer:?}"
        );
    }

    #[test]
    fn a_device_that_opens_says_nothing_yet() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("dev")).unwrap();
        symlink("/dev/null", root.path().join("dev/kvm")).unwrap();
        assert!(look(Accelerator::Kvm, root.path()).is_none());
    }

    #[test]
    fn a_device_that_does_not_open_is_unusable() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("dev/kvm")).unwrap();
        let answer = look(Accelerator::Kvm, root.path());
        assert!(
            matches!(&answer, Some(Answer::Unusable(unusable)) if unusable.why.starts_with("/dev/kvm: ")),
            "{answer:?}"
        );
    }

    #[test]
    fn emulation_has_no_device() {
        assert!(look(Accelerator::Tcg, Path::new("/nonexistent")).is_none());
    }

    #[test]
    fn what_qemu_says_is_understood() {
        assert!(matches!(
            refused("qemu-system-x86_64: -accel kvm: invalid accelerator kvm"),
            Answer::Absent { .. }
        ));
        let denied = "qemu-system-x86_64: Could not access KVM kernel module: Permission denied";
        assert!(matches!(refused(denied), Answer::NoPermission { .. }));
        let failed = "qemu-system-x86_64: failed to initialize kvm: Device or resource busy";
        assert!(matches!(refused(failed), Answer::Unusable(unusable) if unusable.last_lines == [failed]));
    }
}
