//! Scripts as nixpkgs writes them, shortened to what counts.

use std::path::Path;

use super::*;

/// With a root on a disk and the store shared, as a configuration has them that says nothing about it.
const USUAL: &str = r#"#! /nix/store/b-bash/bin/bash
set -e

createEmptyFilesystemImage() {
  local name=$1
  local size=$2
  local temp=$(mktemp)
  /nix/store/q-qemu/bin/qemu-img create -f raw "$temp" "$size"
  /nix/store/e-e2fsprogs/bin/mkfs.ext4 -L nixos "$temp"
  /nix/store/q-qemu/bin/qemu-img convert -f raw -O qcow2 "$temp" "$name"
  rm "$temp"
}

if test -n "$NIX_DISK_IMAGE" && ! test -e "$NIX_DISK_IMAGE"; then
    createEmptyFilesystemImage "$NIX_DISK_IMAGE" "1024M"
fi

cd "$TMPDIR"

# Start QEMU.
exec /nix/store/q-qemu/bin/qemu-system-x86_64 -machine accel=kvm:tcg -cpu max \
    -name cinnabar \
    -m 1024 \
    -device virtio-rng-pci \
    -net nic,netdev=user.0,model=virtio -netdev user,id=user.0,"$QEMU_NET_OPTS" \
    -virtfs local,path=/nix/store,security_model=none,mount_tag=nix-store \
    -virtfs local,path="${SHARED_DIR:-$TMPDIR/xchg}",security_model=none,mount_tag=shared \
    -drive cache=writeback,file="$NIX_DISK_IMAGE",id=drive1,if=none,index=1,werror=report -device virtio-blk-pci,bootindex=1,drive=drive1,serial=root \
    -device virtio-keyboard \
    -kernel ${NIXPKGS_QEMU_KERNEL_cinnabar:-/nix/store/t-system/kernel} \
    -initrd /nix/store/i-initrd/initrd \
    -append "$(cat /nix/store/t-system/kernel-params) init=/nix/store/t-system/init regInfo=/nix/store/r-closure/registration console=ttyS0,115200n8 $QEMU_KERNEL_PARAMS" \
    $QEMU_OPTS \
    "$@"
"#;

fn taken(text: &str) -> Result<Script, Tangled> {
    let params = Path::new("/nix/store/t-system/kernel-params");
    take_apart(text, |file| (file == params).then(|| "loglevel=4".to_owned()))
}

#[test]
fn the_usual_script_tells_all_that_is_booted() {
    let expected = Script {
        kernel: "/nix/store/t-system/kernel".into(),
        initrd: Some("/nix/store/i-initrd/initrd".into()),
        append: "loglevel=4 init=/nix/store/t-system/init regInfo=/nix/store/r-closure/registration console=ttyS0,115200n8 "
            .to_owned(),
        root: Some(EmptyDisk {
            mkfs: "/nix/store/e-e2fsprogs/bin/mkfs.ext4".into(),
            label: "nixos".to_owned(),
            mebibytes: 1024,
            serial: "root".to_owned(),
        }),
        shares: [("nix-store", "/nix/store"), ("shared", "${SHARED_DIR:-$TMPDIR/xchg}")]
            .map(|(tag, path)| (tag.to_owned(), path.to_owned()))
            .into(),
        left_out: Vec::new(),
    };
    assert_eq!(taken(USUAL), Ok(expected));
}

/// The usual script with one thing otherwise.
#[track_caller]
fn with(from: &str, to: &str) -> Result<Script, Tangled> {
    assert!(USUAL.contains(from), "{from}");
    taken(&USUAL.replace(from, to))
}

#[test]
fn a_root_in_memory_needs_no_disk() {
    let drive = USUAL.lines().find(|line| line.contains("-drive ")).unwrap_or_default();
    assert_eq!(with(&format!("{drive}\n"), "").map(|script| script.root), Ok(None));
}

#[test]
fn what_only_the_script_can_make_is_refused() {
    let kernel = "-kernel ${NIXPKGS_QEMU_KERNEL_cinnabar:-/nix/store/t-system/kernel}";
    assert_eq!(with(kernel, "-usb"), Err(Tangled::BootLoader));
    assert_eq!(with("exec /nix", "/nix"), Err(Tangled::NoQemu));
    assert_eq!(with("\"$NIX_DISK_IMAGE\",id", "\"$TMPDIR\"/store.img,id"), Err(Tangled::StoreImage));
    let more = with("\"$NIX_DISK_IMAGE\",id", "$(pwd)/empty0.qcow2,id");
    assert_eq!(more, Err(Tangled::Drive("$(pwd)/empty0.qcow2".to_owned())));
    assert!(matches!(with("    createEmptyFilesystemImage", "    qemu-img create"), Err(Tangled::Drive(_))));
    assert!(matches!(with("virtio-blk-pci,boot", "scsi-hd,boot"), Err(Tangled::Drive(_))));
    let unknown = with("t-system/kernel-params)", "other)");
    assert!(matches!(unknown, Err(Tangled::Word(_))), "{unknown:?}");
}

#[test]
fn what_a_guest_here_does_not_get_is_told() {
    let more =
        "-tpmdev emulator,id=t -drive if=pflash,format=raw,unit=0,readonly=on,file=/nix/store/f-fd -usb";
    let script = with("-device virtio-keyboard", more).unwrap();
    assert_eq!(script.left_out, ["the firmware of UEFI", "the TPM"]);
}
