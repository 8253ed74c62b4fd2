//! Machines that cannot start, and what is said of them.

use std::{env, fs, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration};

use vms::{
    accelerator::{Accelerator, Answer},
    folder::Folder,
    guest::{Guest, StartError},
    machine::{Disk, Format, Link, Machine, UserNetwork},
    qemu::Qemu,
};

use super::rig::{BACKDOOR, LIMIT, Rig, has_own_mounts, mount, qemu};

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
        scratch: false,
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
    let disk = Disk {
        path: rig.path("disk"),
        format: Format::Raw,
        read_only: false,
        scratch: false,
        serial: "data".into(),
    };
    let machine = Machine { disks: vec![disk], ..rig.machine("") };
    let _first = rig.start(&machine).await;
    let error = refusal(&rig, &machine).await.to_string();
    assert!(error.contains("another process has a disk open"), "{error}");
}

#[tokio::test]
async fn a_program_that_is_no_qemu_is_told() {
    let rig = Rig::new();
    let mut qemu = qemu();
    for (program, words) in [("/bin/false", "QEMU made no machine"), ("/no/qemu", "cannot start /no/qemu")] {
        qemu.program = program.into();
        let folder = Folder::create(&rig.folders()).unwrap();
        let error = Guest::start(&qemu, &rig.machine(""), folder).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// The head of a real kernel, and nothing behind it that could run.
#[tokio::test]
async fn a_kernel_that_is_damaged_is_told_as_a_guest_that_never_speaks() {
    let rig = Rig::new();
    let mut machine = rig.machine(BACKDOOR);
    let mut image = fs::read(&machine.boot.kernel).unwrap();
    // `jmp` to itself.
    image[16 * 1024..].chunks_exact_mut(2).for_each(|code| code.copy_from_slice(&[0xeb, 0xfe]));
    machine.boot.kernel = rig.path("damaged");
    fs::write(&machine.boot.kernel, image).unwrap();
    let guest = rig.start(&machine).await;
    let silent = guest.backdoor(Duration::from_secs(2)).await.unwrap_err().to_string();
    assert!(
        silent.starts_with("the guest did not open its backdoor in 2 s, and wrote 0 bytes to it"),
        "{silent}"
    );
    assert!(silent.contains("is it a kernel for this computer, and is `console="), "{silent}");
}

#[tokio::test]
async fn a_qemu_for_another_architecture_is_told() {
    let rig = Rig::new();
    // One that knows no machine of ours, as QEMUs for other architectures do not.
    let other = rig.path("qemu");
    let real = qemu();
    let script = format!("#!/bin/sh\nexec {} -machine none-of-ours\n", real.program.display());
    fs::write(&other, script).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let start = async |program: PathBuf| {
        let folder = Folder::create(&rig.folders()).unwrap();
        let qemu = Qemu { program, ..real.clone() };
        Guest::start(&qemu, &rig.machine(""), folder).await.unwrap_err()
    };
    let error = start(other.clone()).await.to_string();
    let own = vms::qemu::program_name();
    assert!(
        error.contains(&format!("this QEMU has no such machine; give {own}, this computer's own")),
        "{error}"
    );

    // A program for a processor that this computer has not: the head of an ELF file, with a machine of no number.
    let mut program = fs::read(env::current_exe().unwrap()).unwrap();
    program[0x12..0x14].copy_from_slice(&[0xff, 0x7f]);
    fs::write(&other, program).unwrap();
    let error = start(other.clone()).await;
    assert!(
        matches!(&error, StartError::Spawn { source, .. } if source.raw_os_error() == Some(8)),
        "{error:?}"
    );
    assert!(error.to_string().contains("is it a QEMU for this computer"), "{error}");
    let error = Qemu::at(other, LIMIT).unwrap_err().to_string();
    assert!(error.contains("install a QEMU that is built for this computer"), "{error}");
    rig.assert_no_qemu();
}

#[test]
fn no_qemu_on_path_is_told_with_what_to_do() {
    let error = Qemu::find("/nonexistent".as_ref(), LIMIT).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("no {} on PATH: install QEMU, or put its folder on PATH", vms::qemu::program_name())
    );
}

/// Where there are to be no devices not even root may open one.
#[test]
fn a_kvm_that_this_user_may_not_open_is_told() {
    if !has_own_mounts("refusals::a_kvm_that_this_user_may_not_open_is_told") {
        return;
    }
    let rig = Rig::new();
    let (root, kvm) = (rig.path("computer"), rig.path("computer/dev/kvm"));
    fs::create_dir_all(root.join("dev")).unwrap();
    fs::write(&kvm, "").unwrap();
    mount(&["--bind", "/dev/null"], &kvm);
    assert!(vms::accelerator::device::look(Accelerator::Kvm, &root).is_none(), "it opens");
    mount(&["-o", "remount,bind,nodev"], &kvm);
    let answer = vms::accelerator::device::look(Accelerator::Kvm, &root);
    let Some(Answer::NoPermission { why }) = answer else { panic!("{answer:?}") };
    assert_eq!(why, "/dev/kvm: permission denied; add this user to the group that owns it");
}

/// QEMU chooses them, so that nobody has to know which are free.
#[tokio::test]
async fn guests_that_forward_the_same_port_do_not_meet() {
    let rig = Rig::new();
    let forwards = UserNetwork { forwards: vec![22, 80] };
    let machine = Machine { user_network: Some(forwards), ..rig.machine("") };
    let (one, two) = (rig.start(&machine).await, rig.start(&machine).await);
    let ports = [&one, &two].map(|guest| [22, 80].map(|port| guest.port(port).unwrap()));
    let all: std::collections::BTreeSet<u16> = ports.into_iter().flatten().collect();
    assert_eq!(all.len(), 4, "{ports:?}");
    for port in all {
        let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap_err();
        assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    }
}
