//! The store of a guest: one read-only image of everything that its system needs, made once for each system. And disks with
//! nothing on them.
//!
//! Flows in: a closure. Flows out: the path of a squashfs image. Must not: leave half an image, make one twice at a time,
//! or let the folder of images grow without end.
//!
//! An image, and not a share of the computer's store: a mounted share keeps a guest from being put to sleep and restored,
//! and is five times slower to read without hardware's help.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use model::{digest::Digest, verdict::Fault};
use rustix::fs::{FlockOperation, flock};
use tokio::task::spawn_blocking;

use super::drive::EmptyDisk;
use crate::process::{CaptureError, Program, Spawner};

/// The images of this computer's guests.
#[derive(Debug, Clone)]
pub(super) struct Images {
    /// Where they are.
    pub(super) folder: PathBuf,
    /// `mksquashfs`, where there is one.
    pub(super) mksquashfs: Option<PathBuf>,
    /// What mksquashfs is started by.
    pub(super) spawner: Spawner,
}

/// So many bytes of images are kept; those that were not used for longest go first.
const MOST_BYTES: u64 = 20 << 30;
/// A closure of some gigabytes takes minutes.
const LIMIT: Duration = Duration::from_secs(1800);

impl Images {
    /// The image of a system's closure, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made: no mksquashfs, no space, no permission.
    pub(super) async fn of(&self, toplevel: &Path, closure: &[PathBuf]) -> Result<PathBuf, Fault> {
        let name = toplevel.file_name().map_or_else(|| "system".into(), OsString::from);
        let image = self.folder.join(&name).with_added_extension("squashfs");
        let _lock = self.lock(name).await?;
        if !image.is_file() {
            self.make(&image, closure).await?;
        }
        self.tidy(&image);
        Ok(image)
    }

    /// A disk with an empty file system. A guest has it as scratch, so that it is the same for every one.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) async fn empty(&self, disk: &EmptyDisk) -> Result<PathBuf, Fault> {
        let EmptyDisk { mkfs, label, mebibytes, .. } = disk;
        let made_of = [mkfs.as_os_str().as_bytes(), label.as_bytes(), &mebibytes.to_le_bytes()];
        let name = Digest::of_parts(made_of).hex();
        let image = self.folder.join(&name).with_added_extension("ext4");
        let _lock = self.lock(name.into()).await?;
        if !image.is_file() {
            let half = image.with_added_extension("half");
            let size = sparse(&half, mebibytes << 20);
            size.map_err(|error| {
                self.fault("a disk of a guest cannot be written", &error.to_string(), Vec::new())
            })?;
            let arguments = ["-q".into(), "-L".into(), label.into(), half.clone().into_os_string()];
            self.finish("a disk of a guest", mkfs, arguments.into(), &half, &image).await?;
        }
        Ok(image)
    }

    /// A folder with nothing in it.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn nothing(&self) -> Result<PathBuf, Fault> {
        let folder = self.folder.join("nothing");
        let made = fs::create_dir_all(&folder);
        made.map_err(|error| {
            self.fault("an empty folder for guests cannot be made", &error.to_string(), Vec::new())
        })?;
        Ok(folder)
    }

    /// Whoever comes second waits, and finds the first one's image.
    #[expect(clippy::disallowed_methods, reason = "images are seaworthy's own files")]
    async fn lock(&self, name: OsString) -> Result<File, Fault> {
        let path = self.folder.join(name).with_added_extension("lock");
        let locked = spawn_blocking(move || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let file = File::create(&path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            Ok::<_, io::Error>(file)
        });
        let locked = locked.await.map_err(io::Error::other).and_then(|locked| locked);
        locked.map_err(|error| {
            self.fault("the images of guests cannot be written", &error.to_string(), Vec::new())
        })
    }

    async fn make(&self, image: &Path, closure: &[PathBuf]) -> Result<(), Fault> {
        let Some(mksquashfs) = &self.mksquashfs else {
            return Err(Fault {
                what: "there is no mksquashfs, which makes the store of a guest".to_owned(),
                remedy: Some("install squashfs-tools".to_owned()),
                detail: Vec::new(),
            });
        };
        let half = image.with_added_extension("half");
        let _ = fs::remove_file(&half);
        self.finish("the store of a guest", mksquashfs, arguments(closure, &half), &half, image).await
    }

    /// Lets a program write half an image, which becomes the whole one once the program has ended well.
    async fn finish(
        &self,
        what: &str,
        program: &Path,
        arguments: Vec<OsString>,
        half: &Path,
        image: &Path,
    ) -> Result<(), Fault> {
        let program = Program {
            path: program.to_owned(),
            arguments,
            environment: [("PATH".into(), "/usr/bin:/bin".into())].into(),
            folder: self.folder.clone(),
            memory: None,
        };
        let made = match self.spawner.capture(&program, LIMIT, 1 << 16).await {
            Ok(captured) if captured.status.success() => {
                fs::rename(half, image).map_err(|error| (error.to_string(), Vec::new()))
            }
            Ok(captured) => {
                let said = String::from_utf8_lossy(&captured.stderr).into_owned();
                Err((captured.status.to_string(), said.lines().rev().take(5).map(str::to_owned).collect()))
            }
            Err(error @ (CaptureError::Io { .. } | CaptureError::TimedOut { .. })) => {
                Err((error.to_string(), Vec::new()))
            }
        };
        made.map_err(|(why, detail)| {
            let _ = fs::remove_file(half);
            self.fault(&format!("{what} could not be made"), &why, detail)
        })
    }

    fn fault(&self, what: &str, why: &str, detail: Vec<String>) -> Fault {
        Fault {
            what: format!("{what}: {why}"),
            remedy: Some(format!("make sure that {} can be written and has space", self.folder.display())),
            detail,
        }
    }

    /// Marks an image as used now, and removes those that were not used for longest until the rest fits.
    #[expect(clippy::disallowed_methods, reason = "images are seaworthy's own files")]
    fn tidy(&self, used: &Path) {
        // What cannot be marked or removed costs space, and is no reason not to boot.
        let _ = File::options().append(true).open(used).and_then(|file| file.set_modified(SystemTime::now()));
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let images =
            entries.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "squashfs"));
        let mut images: Vec<(SystemTime, u64, PathBuf)> = images
            .filter_map(|entry| {
                let about = entry.metadata().ok()?;
                Some((about.modified().ok()?, about.len(), entry.path()))
            })
            .collect();
        for path in superfluous(&mut images, MOST_BYTES) {
            if path != used {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// The images to remove, so that the newest stay within `most` bytes.
fn superfluous(images: &mut [(SystemTime, u64, PathBuf)], most: u64) -> Vec<PathBuf> {
    images.sort();
    let mut room = most;
    let mut gone = Vec::new();
    for (_, bytes, path) in images.iter().rev() {
        match room.checked_sub(*bytes) {
            Some(left) => room = left,
            None => {
                room = 0;
                gone.push(path.clone());
            }
        }
    }
    gone
}

/// A file of so many bytes, of which none is on the disk.
#[expect(clippy::disallowed_methods, reason = "images are seaworthy's own files")]
fn sparse(path: &Path, bytes: u64) -> io::Result<()> {
    File::create(path)?.set_len(bytes)
}

/// Each path of the store as a folder or file of its own at the image's top.
fn arguments(closure: &[PathBuf], image: &Path) -> Vec<OsString> {
    let paths = closure.iter().map(|path| path.clone().into_os_string());
    let options = ["-no-hardlinks", "-keep-as-directory", "-all-root", "-noappend", "-no-progress", "-quiet"];
    // Made in a second and read without effort: an image lives for as long as its system does.
    let compression = ["-comp", "lz4"];
    paths
        .chain([image.to_owned().into_os_string()])
        .chain(options.iter().chain(&compression).map(OsString::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_images_that_were_used_last_stay() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let image = |seconds, bytes, name: &str| (at(seconds), bytes, PathBuf::from(name));
        let mut images = vec![image(3, 4, "newest"), image(1, 1, "oldest"), image(2, 7, "older")];
        assert_eq!(superfluous(&mut images, 12), Vec::<PathBuf>::new());
        assert_eq!(superfluous(&mut images, 11), [PathBuf::from("oldest")]);
        assert_eq!(superfluous(&mut images, 10), [PathBuf::from("older"), PathBuf::from("oldest")]);
    }
}
