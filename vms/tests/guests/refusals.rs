//! Machines that cannot start, and what is said of them.

use std::fs;

use vms::{
    accelerator::Accelerator,
    guest::StartError,
    machine::{Disk, Format, Link, Machine},
};

use super::rig::Rig;

async fn refusal(rig: &Rig, machine: &Machine) -> StartError {
    match rig.try_start(machine).await {
        Ok(_) => panic!("it starts"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn each_says_what_is_wrong() {
    let rig = Rig::new();
    let good = rig.machine("");
    let disk = |name: &str| Disk {
        path: rig.path(name),
        format: Format::Raw,
        read_only: true,
        serial: "root".into(),
    };

    let mut machine = good.clone();
    machine.boot.kernel = rig.path("idle");
    fs::write(&machine.boot.kernel, [0x90; 65536]).unwrap();
    let error = refusal(&rig, &machine).await;
    assert!(error.to_string().contains("is no kernel that QEMU boots"), "{error}");

    let mut image = vec![0; 4096];
    let magic: &[u8] = if cfg!(target_arch = "x86_64") { b"ARM\x64" } else { b"RSC\x05" };
    image[0x38..0x3c].copy_from_slice(magic);
    fs::write(&machine.boot.kernel, image).unwrap();
    let error = refusal(&rig, &machine).await;
    assert!(error.to_string().contains(", which a guest of this computer ("), "{error}");

    let machine = Machine { disks: vec![disk("absent")], ..good.clone() };
    let error = refusal(&rig, &machine).await.to_string();
    assert!(error.starts_with("cannot open the disk `root`, ") && error.ends_with("/absent"), "{error}");

    let link = Link { mac: "52:54:00:12:01:01".into(), socket: rig.path("switch") };
    let error = refusal(&rig, &Machine { links: vec![link], ..good.clone() }).await.to_string();
    assert!(error.starts_with("cannot open the switch of 52:54:00:12:01:01, "), "{error}");

    fs::write(rig.path("broken"), "no image").unwrap();
    let broken = Disk { format: Format::Qcow2, ..disk("broken") };
    let error = refusal(&rig, &Machine { disks: vec![broken], ..good.clone() }).await.to_string();
    assert!(error.contains("not in qcow2 format"), "{error}");

    let error = refusal(&rig, &Machine { memory: 1 << 30, ..good.clone() }).await;
    // Not `Refused`: no QEMU was asked.
    assert!(matches!(error, StartError::NoRoom { asked, left } if left < asked.into()), "{error}");
    assert!(error.to_string().contains("give the guest less, or run fewer at once"), "{error}");

    let foreign = if cfg!(target_os = "macos") { Accelerator::Kvm } else { Accelerator::Hvf };
    let error = refusal(&rig, &Machine { accelerator: foreign, ..good.clone() }).await.to_string();
    assert!(error.contains("choose the one that the probe says works"), "{error}");
    rig.assert_no_qemu();
}

#[tokio::test]
async fn a_disk_belongs_to_one_guest() {
    let rig = Rig::new();
    fs::write(rig.path("disk"), vec![0; 1 << 20]).unwrap();
    let disk = Disk { path: rig.path("disk"), format: Format::Raw, read_only: false, serial: "data".into() };
    let machine = Machine { disks: vec![disk], ..rig.machine("") };
    let _first = rig.start(&machine).await;
    let error = refusal(&rig, &machine).await.to_string();
    assert!(error.contains("another process has a disk open"), "{error}");
}

#[tokio::test]
async fn a_program_that_is_no_qemu_is_told() {
    let rig = Rig::new();
    let mut qemu = super::rig::qemu();
    for (program, words) in [("/bin/false", "QEMU made no machine"), ("/no/qemu", "cannot start /no/qemu")] {
        qemu.program = program.into();
        let folder = vms::folder::Folder::create(&rig.folders()).unwrap();
        let error = vms::guest::Guest::start(&qemu, &rig.machine(""), folder).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
