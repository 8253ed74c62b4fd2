//! Whether this computer has the memory that a guest asks for.
//!
//! Flows in: the guest's memory, Linux's `/proc/meminfo`, and the disk where the memory is to be a file. Flows out:
//! nothing, or how much is left. Must not: guess on a computer that does not tell.
//!
//! QEMU itself refuses only what the system will not promise, which is far more than there is: a guest that was
//! promised too much is killed while it runs, by a system that does not say why. So is one whose memory's file finds no
//! room on its disk (SIGBUS).

use std::{fs::OpenOptions, io::Read as _, path::Path};

use super::StartError;

/// Refuses a guest that asks for more MiB than are left.
pub(super) fn check(asked: u32) -> Result<(), StartError> {
    let mut text = String::new();
    let read = OpenOptions::new().read(true).open(Path::new("/proc/meminfo"));
    // Without this file it is QEMU that tells.
    let told = read.and_then(|mut file| file.read_to_string(&mut text)).ok().and_then(|_| left(&text));
    match told {
        Some(left) if left < u64::from(asked) => Err(StartError::NoRoom { asked, left }),
        _ => Ok(()),
    }
}

/// Refuses a guest whose memory's file, of this many MiB, has no room in its folder.
pub(super) fn check_disk(asked: u32, folder: &Path) -> Result<(), StartError> {
    // A disk that does not tell is asked by QEMU.
    let Ok(told) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let left = told.f_bavail.saturating_mul(told.f_frsize) >> 20;
    if left < u64::from(asked) {
        return Err(StartError::NoRoomOnDisk { folder: folder.to_owned(), asked, left });
    }
    Ok(())
}

/// MiB that can be had without swapping, as proc_meminfo(5) has it.
fn left(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn what_is_left_is_not_what_is_free() {
        let text = "MemTotal:       24684084 kB\nMemFree:          102400 kB\nMemAvailable:    2098175 kB\n";
        assert_eq!(left(text), Some(2048));
    }

    #[test]
    fn a_file_that_does_not_tell_is_no_answer() {
        for text in ["", "MemFree: 1024 kB\n", "MemAvailable: much kB\n", "MemAvailable: 1024\n"] {
            assert_eq!(left(text), None, "{text:?}");
        }
    }
}
