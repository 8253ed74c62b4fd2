//! What a boot came to, remembered until the computer, its QEMU or the kernel changes.
//!
//! Flows in: the cache folder and what the answer depends on. Flows out: the answer of an earlier boot. Must not: fail:
//! a cache that cannot be read or written costs a boot, and nothing else.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use super::{Accelerator, Answer, Unusable, Works, below, kernel::Kernel};
use crate::qemu::{Qemu, Version};

/// Raised whenever an old answer must no longer count.
const EDITION: u32 = 1;

/// The place of one accelerator's answer.
#[derive(Debug)]
pub struct Memory {
    file: PathBuf,
    key: Key,
}

/// All that an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    edition: u32,
    boot: String,
    accelerator: Accelerator,
    qemu: PathBuf,
    version: Version,
    kernel: PathBuf,
    modified: SystemTime,
    size: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    key: Key,
    answer: Kept,
}

/// The answers that only a boot gives.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kept {
    Works(Works),
    Unusable(Unusable),
}

impl Memory {
    /// The memory of one accelerator in the folder `cache`; none on a computer that does not name its boots, since an
    /// answer may be another one after the next boot.
    #[must_use]
    pub fn open(
        cache: &Path,
        root: &Path,
        qemu: &Qemu,
        kernel: &Kernel,
        accelerator: Accelerator,
    ) -> Option<Self> {
        // Linux `Documentation/admin-guide/sysctl/kernel.rst`, `random/boot_id`.
        let boot = read(&below(root, "/proc/sys/kernel/random/boot_id"))?.trim().to_owned();
        let key = Key {
            edition: EDITION,
            boot,
            accelerator,
            qemu: qemu.program.clone(),
            version: qemu.version,
            kernel: kernel.path.clone(),
            modified: kernel.modified,
            size: kernel.size,
        };
        Some(Self { file: cache.join(format!("accelerator-{accelerator}.json")), key })
    }

    /// What an earlier boot came to, if nothing has changed since.
    #[must_use]
    pub fn recall(&self) -> Option<Answer> {
        let entry: Entry = serde_json::from_str(&read(&self.file)?).ok()?;
        (entry.key == self.key).then_some(match entry.answer {
            Kept::Works(works) => Answer::Works(works),
            Kept::Unusable(unusable) => Answer::Unusable(unusable),
        })
    }

    /// Remembers an answer that a boot gave, in place of the one before.
    pub fn keep(&self, answer: &Answer) {
        let answer = match answer {
            Answer::Works(works) => Kept::Works(works.clone()),
            Answer::Unusable(unusable) => Kept::Unusable(unusable.clone()),
            Answer::Absent { .. } | Answer::NoPermission { .. } | Answer::CannotTell(_) => return,
        };
        // A cache that cannot be written costs the next boot, and nothing else.
        let _unwritten = self.replace(&Entry { key: self.key.clone(), answer });
    }

    fn replace(&self, entry: &Entry) -> std::io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(&serde_json::to_vec(entry)?)?;
        new.persist(&self.file)?;
        Ok(())
    }
}

/// A small text file, if there is one.
fn read(path: &Path) -> Option<String> {
    const MOST: u64 = 64 * 1024;
    let mut text = String::new();
    let file = OpenOptions::new().read(true).open(path).ok()?;
    file.take(MOST).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay out folders of their own")]
mod tests {
    use std::{
        fs,
        path::Path,
        time::{Duration, SystemTime},
    };

    use super::Memory;
    use crate::{
        accelerator::{Accelerator, Answer, Unusable, Works, kernel::Kernel},
        qemu::{Qemu, Version},
    };

    /// A computer with a cache and a boot's name.
    struct Computer {
        folder: tempfile::TempDir,
        qemu: Qemu,
        kernel: Kernel,
    }

    impl Computer {
        fn new() -> Self {
            let version = Version { major: 7, minor: 2, micro: 22 };
            let computer = Self {
                folder: tempfile::tempdir().unwrap(),
                qemu: Qemu { program: "/usr/bin/qemu".into(), version },
                kernel: Kernel { path: "/boot/vmlinuz".into(), modified: SystemTime::UNIX_EPOCH, size: 1 },
            };
            computer.boots("one");
            computer
        }

        fn boots(&self, id: &str) {
            let folder = self.folder.path().join("proc/sys/kernel/random");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("boot_id"), format!("{id}\n")).unwrap();
        }

        fn cache(&self) -> std::path::PathBuf {
            self.folder.path().join("state/cache")
        }

        fn memory(&self, accelerator: Accelerator) -> Option<Memory> {
            Memory::open(&self.cache(), self.folder.path(), &self.qemu, &self.kernel, accelerator)
        }

        fn knows(&self) -> bool {
            self.memory(Accelerator::Kvm).and_then(|memory| memory.recall()).is_some()
        }
    }

    fn works() -> Answer {
        Answer::Works(Works { kernel: "/boot/vmlinuz".into(), took: Duration::from_millis(1234) })
    }

    fn kept() -> Computer {
        let computer = Computer::new();
        computer.memory(Accelerator::Kvm).unwrap().keep(&works());
        assert!(computer.knows());
        computer
    }

    #[test]
    fn an_answer_comes_back_whole() {
        let computer = Computer::new();
        let memory = computer.memory(Accelerator::Tcg).unwrap();
        assert!(memory.recall().is_none());
        memory.keep(&works());
        let took = Duration::from_millis(1234);
        assert!(matches!(memory.recall(), Some(Answer::Works(works)) if works.took == took));
        let unusable = Unusable { why: "silent".into(), last_lines: vec!["a".into()] };
        memory.keep(&Answer::Unusable(unusable.clone()));
        assert!(matches!(memory.recall(), Some(Answer::Unusable(again)) if again == unusable));
        assert!(!computer.knows(), "one accelerator's answer is not the other's");
    }

    #[test]
    fn whatever_it_depends_on_makes_it_forget() {
        let computer = kept();
        computer.boots("two");
        assert!(!computer.knows());

        let mut computer = kept();
        computer.qemu.version.micro = 23;
        assert!(!computer.knows());

        let mut computer = kept();
        computer.kernel.modified += Duration::from_secs(1);
        assert!(!computer.knows());

        let mut computer = kept();
        computer.kernel.path = "/boot/other".into();
        assert!(!computer.knows());
    }

    #[test]
    fn only_what_a_boot_said_is_remembered() {
        let computer = Computer::new();
        let memory = computer.memory(Accelerator::Kvm).unwrap();
        memory.keep(&Answer::Absent { why: String::new() });
        memory.keep(&Answer::NoPermission { why: String::new() });
        assert!(!computer.cache().exists());
    }

    #[test]
    fn a_spoilt_cache_is_no_answer_and_is_replaced() {
        let computer = kept();
        let file = computer.cache().join("accelerator-kvm.json");
        fs::write(&file, "{ \"key\": ").unwrap();
        assert!(!computer.knows());
        computer.memory(Accelerator::Kvm).unwrap().keep(&works());
        assert!(computer.knows());
        assert_eq!(fs::read_dir(computer.cache()).unwrap().count(), 1, "nothing but the answer is left");
    }

    #[test]
    fn a_cache_that_cannot_be_written_is_no_error() {
        let computer = Computer::new();
        fs::write(computer.folder.path().join("state"), "a file").unwrap();
        computer.memory(Accelerator::Kvm).unwrap().keep(&works());
        assert!(!computer.knows());
    }

    #[test]
    fn a_computer_without_names_of_boots_remembers_nothing() {
        let computer = Computer::new();
        let elsewhere = Path::new("/nonexistent");
        let memory =
            Memory::open(&computer.cache(), elsewhere, &computer.qemu, &computer.kernel, Accelerator::Kvm);
        assert!(memory.is_none());
    }
}
