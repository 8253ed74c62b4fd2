//! Guests that came up once, kept as they were then, so that nobody waits for the same boot twice.
//!
//! Flows in: a guest that is up, and what is known of its boot. Flows out: a clone of it, and what was known. Must not:
//! keep one that did not come up; hand out one of anything else than what is wanted; fill the disk.
//!
//! A snapshot is found by a digest of all that its guest was made of: the built system, what stands for its secrets, what
//! it is given, and what runs it. Where there is none, or none that can be used, the guest boots.

use std::path::{Path, PathBuf};

use model::digest::Digest;
use serde_json::Value;
use vms::{
    channel::backdoor::Backdoor,
    folder::Folder,
    guest::Guest,
    machine::Machine,
    qemu::Qemu,
    snapshot::{
        RestoreError, SaveError,
        store::{Key, Store},
    },
};

/// The snapshots of this computer's guests.
#[derive(Debug, Clone)]
pub(super) struct Snapshots {
    pub(super) folder: PathBuf,
}

/// A guest that goes on from where it was saved.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) guest: Guest,
    pub(super) shell: Backdoor,
    /// What was known of its boot.
    pub(super) note: Value,
}

/// So many bytes of snapshots are kept; those that were not used for longest go first.
const MOST_BYTES: u64 = 20 << 30;
/// A guest that was restored answers in a second.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

impl Snapshots {
    /// What a machine's snapshot is found by. Its files are named by what is in them; its name and QEMU's version are
    /// looked at when it is restored.
    pub(super) fn key(machine: &Machine) -> Option<Key> {
        let mut machine = machine.clone();
        machine.name.clear();
        Digest::of(serde_json::to_vec(&machine).ok()?).hex().parse().ok()
    }

    /// Whether a guest of so much memory, in MiB, can be saved: all of its memory may come to lie on the disk, and as much
    /// is left for others.
    pub(super) fn have_room(&self, memory: u32, folders: &Path) -> bool {
        let free = |folder: &Path| {
            let about = rustix::fs::statvfs(folder.ancestors().find(|folder| folder.exists())?).ok()?;
            Some(about.f_bavail.saturating_mul(about.f_frsize))
        };
        let enough = |folder| free(folder).is_some_and(|free| free >= u64::from(memory) << 21);
        enough(&self.folder) && enough(folders)
    }

    /// A clone of the guest that was saved under this key. One that cannot be used is as good as none: it is saved anew.
    pub(super) async fn restore(
        &self,
        key: &Key,
        qemu: &Qemu,
        machine: &Machine,
        folders: &Path,
    ) -> Option<Restored> {
        let store = Store::open(&self.folder, MOST_BYTES).ok()?;
        let snapshot = store.find(key).ok()??;
        let folder = Folder::create(folders).ok()?;
        let restored: Result<_, RestoreError> = snapshot.restore(qemu, machine, folder, LIMIT).await;
        let (guest, shell) = restored.ok()?;
        Some(Restored { guest, shell, note: snapshot.note().clone() })
    }

    /// Saves a guest that is up, which ends with it.
    ///
    /// # Errors
    /// It cannot be saved, or not be written. It has ended all the same.
    pub(super) async fn save(
        &self,
        key: &Key,
        guest: Guest,
        shell: Backdoor,
        note: Value,
    ) -> Result<(), SaveError> {
        let store = Store::open(&self.folder, MOST_BYTES)?;
        store.save(key, guest, shell, note).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use vms::{accelerator::Accelerator, machine::Boot};

    use super::*;

    fn machine(name: &str, command_line: &str) -> Machine {
        let boot = Boot { kernel: "/k".into(), initrd: None, command_line: command_line.to_owned() };
        Machine::new(name, Accelerator::Tcg, boot)
    }

    #[test]
    fn a_snapshot_is_of_one_content_whatever_its_name() {
        let key = |machine: &Machine| Snapshots::key(machine).unwrap();
        let one = machine("one", "init=/a");
        assert_eq!(key(&one), key(&machine("two", "init=/a")));
        assert_ne!(key(&one), key(&machine("one", "init=/b")));
        assert_ne!(key(&one), key(&Machine { memory: 100, ..one.clone() }));
    }

    #[test]
    fn a_guest_larger_than_the_disk_is_not_saved() {
        let place = tempfile::tempdir().unwrap();
        let snapshots = Snapshots { folder: place.path().join("not/there/yet") };
        assert!(snapshots.have_room(1, place.path()));
        assert!(!snapshots.have_room(u32::MAX, place.path()));
    }
}
