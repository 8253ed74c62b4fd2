//! The digest over a listing: every path with its kind and content.
//!
//! Flows in: a listing. Flows out: a digest that is the same whenever the same paths hold the same content, whether git
//! told the content's name or the file was read. Must not: read what git says is unchanged.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::Path,
};

use model::digest::Digest;
use sha2::Digest as _;

use super::{
    Listed, Listing,
    index::{Hash, Known},
};

pub(super) fn digest(listing: &Listing) -> Digest {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for listed in &listing.files {
        let (kind, id) = identity(&listing.root, listed);
        parts.push([listed.path.as_os_str().as_bytes(), b"\0", kind.as_bytes(), b"\0", &id].concat());
    }
    let empty = listing.empty.iter().map(|path| [path.as_os_str().as_bytes(), b"\0empty"].concat());
    parts.extend(empty);
    Digest::of_parts(parts.iter().map(Vec::as_slice))
}

/// The kind of what stands at a path, and the name of its content.
fn identity(root: &Path, listed: &Listed) -> (&'static str, Vec<u8>) {
    let full = root.join(&listed.path);
    if let Some(known) = listed.known.as_ref().filter(|known| known.is_submodule()) {
        return ("submodule", known.id.clone());
    }
    let Ok(found) = full.symlink_metadata() else { return ("gone", Vec::new()) };
    let hash = listed.known.as_ref().map_or(Hash::Sha1, |known| known.hash);
    let kind = kind(&found);
    let seen = listed.known.as_ref().filter(|known| known.unchanged(&found));
    match seen {
        Some(Known { id, .. }) => (kind, id.clone()),
        // What cannot be read has no content; that it is there counts.
        None => (kind, content(&full, &found, hash).unwrap_or_default()),
    }
}

fn kind(found: &Metadata) -> &'static str {
    if found.is_symlink() {
        "link"
    } else if found.is_dir() {
        "folder"
    } else if !found.is_file() {
        "special"
    } else if found.mode() & 0o100 != 0 {
        "program"
    } else {
        "file"
    }
}

/// The name that git gives to a content: the hash of `blob <length>`, a NUL, and the bytes.
fn content(path: &Path, found: &Metadata, hash: Hash) -> io::Result<Vec<u8>> {
    if found.is_symlink() {
        let target = std::fs::read_link(path)?;
        return named(hash, target.as_os_str().len() as u64, &mut target.as_os_str().as_bytes());
    }
    if !found.is_file() {
        // Reading a pipe or a device would wait, or never end.
        return Ok(Vec::new());
    }
    #[expect(clippy::disallowed_methods, reason = "this is the edge that reads the user's files")]
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    named(hash, length, &mut file.take(length))
}

fn named(hash: Hash, length: u64, bytes: &mut impl io::Read) -> io::Result<Vec<u8>> {
    match hash {
        Hash::Sha1 => hashed(sha1::Sha1::new(), length, bytes),
        Hash::Sha256 => hashed(sha2::Sha256::new(), length, bytes),
    }
}

fn hashed<H: sha2::Digest>(mut hasher: H, length: u64, bytes: &mut impl io::Read) -> io::Result<Vec<u8>> {
    hasher.update(format!("blob {length}\0"));
    let mut buffer = vec![0; 1 << 16];
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize().to_vec()),
            Ok(count) => hasher.update(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
