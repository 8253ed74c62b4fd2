//! What a kernel's image is, told by its first bytes: QEMU boots some wrong ones into silence instead of refusing them.
//!
//! Flows in: the first bytes of a file. Flows out: the architecture it is for. Must not: boot it.

use std::fmt;

/// The bytes that are looked at.
pub const HEAD: usize = 1024;

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// `x86_64`.
    X86,
    /// `aarch64`.
    Arm,
    /// `riscv64`.
    Riscv,
    /// Packed, so that nothing is seen of it.
    Packed,
}

impl Image {
    /// Recognizes an image. Sources: Linux `Documentation/arch/x86/boot.rst`, `Documentation/arch/arm64/booting.rst`,
    /// `Documentation/arch/riscv/boot-image-header.rst`, `drivers/firmware/efi/libstub/zboot-header.S`; `e_machine` of
    /// the ELF specification.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
        if at(0x202, b"HdrS") || at(0, b"\x7fELF") && at(0x12, &[62, 0]) {
            return Some(Self::X86);
        }
        if at(0x38, b"ARM\x64") || at(0, b"\x7fELF") && at(0x12, &[183, 0]) {
            return Some(Self::Arm);
        }
        if at(0x38, b"RSC\x05") || at(0, b"\x7fELF") && at(0x12, &[243, 0]) {
            return Some(Self::Riscv);
        }
        (at(0, b"\x1f\x8b") || at(0, b"MZ\0\0zimg")).then_some(Self::Packed)
    }

    /// Whether a QEMU of this architecture, as [`std::env::consts::ARCH`] names it, boots such an image. Only that of
    /// x86 takes no packed ones. Of architectures that are not known here nothing is said.
    #[must_use]
    pub fn suits(self, architecture: &str) -> bool {
        match architecture {
            "x86_64" | "x86" => self == Self::X86,
            "aarch64" => matches!(self, Self::Arm | Self::Packed),
            "riscv64" => matches!(self, Self::Riscv | Self::Packed),
            _ => true,
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86 => "a kernel for x86_64",
            Self::Arm => "a kernel for aarch64",
            Self::Riscv => "a kernel for riscv64",
            Self::Packed => "a packed kernel",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{HEAD, Image};

    fn head(offset: usize, magic: &[u8]) -> Vec<u8> {
        let mut head = vec![0; HEAD];
        head[offset..offset + magic.len()].copy_from_slice(magic);
        head
    }

    #[test]
    fn each_is_known_by_its_magic() {
        assert_eq!(Image::of(&head(0x202, b"HdrS")), Some(Image::X86));
        assert_eq!(Image::of(&head(0x38, b"ARM\x64")), Some(Image::Arm));
        assert_eq!(Image::of(&head(0x38, b"RSC\x05")), Some(Image::Riscv));
        assert_eq!(Image::of(&head(0, b"\x1f\x8b")), Some(Image::Packed));
        let mut elf = head(0, b"\x7fELF");
        elf[0x12] = 62;
        assert_eq!(Image::of(&elf), Some(Image::X86));
        assert_eq!((Image::of(&[]), Image::of(&[0x90; HEAD])), (None, None));
    }

    #[test]
    fn only_its_own_architecture_boots_it() {
        assert!(Image::X86.suits("x86_64") && Image::Arm.suits("aarch64") && Image::Packed.suits("aarch64"));
        assert!(
            !Image::Arm.suits("x86_64") && !Image::X86.suits("aarch64") && !Image::Packed.suits("x86_64")
        );
    }
}
