//! Whether a file is a kernel that a guest of this computer can boot.
//!
//! Flows in: the file. Flows out: nothing, or why not, in words. Must not: boot it: QEMU boots some wrong ones into silence.

use std::{fs::File, io::Read as _, path::Path};

use vms::image::{HEAD, Image};

/// # Errors
/// It cannot be read, it is no kernel, or it is one for another kind of computer.
#[expect(clippy::disallowed_methods, reason = "what nix has in its store is read, and never written")]
pub(super) fn fits(kernel: &Path) -> Result<(), String> {
    let path = kernel.display();
    let mut head = Vec::new();
    let read = File::open(kernel).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.map_err(|error| format!("the kernel {path} cannot be read: {error}"))?;
    let here = std::env::consts::ARCH;
    match Image::of(&head) {
        None => Err(format!("{path} is no kernel")),
        Some(image) if !image.suits(here) => Err(format!("{path} is {image}, and guests here are {here}")),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make the files that are looked at")]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_kernel_for_this_computer_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = folder.path().join("kernel");
        let said = |bytes: &[u8]| {
            std::fs::write(&kernel, bytes).unwrap();
            fits(&kernel)
        };
        let with = |offset: usize, magic: &[u8]| [&vec![0; offset], magic, &[0; 64]].concat();
        let (x86, riscv) = (with(0x202, b"HdrS"), with(0x38, b"RSC\x05"));
        assert_eq!(said(b"of any kind").unwrap_err(), format!("{} is no kernel", kernel.display()));
        assert!(said(&riscv).unwrap_err().contains("is a kernel for riscv64, and guests here are "));
        assert_eq!(said(&x86).is_ok(), cfg!(target_arch = "x86_64"));
        assert!(fits(folder.path()).unwrap_err().contains(" cannot be read: "));
    }
}
