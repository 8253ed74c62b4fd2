//! What QEMU is started with, word for word, on x86_64.

use std::path::Path;

use super::{Memory, arguments, arguments_with, shell_line};
use crate::{
    accelerator::Accelerator,
    machine::{Boot, Disk, Format, Link, Machine, Share, UserNetwork},
};

fn bare() -> Machine {
    let boot = Boot { kernel: "/boot/vmlinuz".into(), initrd: None, command_line: String::new() };
    Machine::new("cinnabar", Accelerator::Tcg, boot)
}

fn full() -> Machine {
    Machine {
        memory: 1024,
        processors: 2,
        boot: Boot {
            kernel: "/boot/vmlinuz".into(),
            initrd: Some("/boot/initrd".into()),
            command_line: "console=ttyS0 panic=-1".into(),
        },
        disks: vec![Disk {
            path: "/a,b/root.img".into(),
            format: Format::Qcow2,
            read_only: true,
            scratch: false,
            serial: "root".into(),
        }],
        user_network: Some(UserNetwork { forwards: vec![22, 80] }),
        links: vec![Link { mac: "52:54:00:12:01:02".into(), socket: "/s/net".into() }],
        slot: true,
        screen: true,
        backdoor: true,
        agent: true,
        ..bare()
    }
}

/// One option a line.
#[track_caller]
fn check(machine: &Machine, expected: &str) {
    let words = arguments(machine, Path::new("/f"));
    let words: Vec<_> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let shown = words.join(" ").replace(" -", "\n-");
    assert_eq!(shown, expected.replace("BOARD", super::board().0));
}

#[test]
fn a_bare_machine() {
    let expected = "-no-user-config\n-nodefaults\n-no-reboot\n-name guest=cinnabar\n-display none\n-machine BOARD\n\
        -accel tcg\n-cpu max\n-m 512\n-smp 1\n-kernel /boot/vmlinuz\n-device virtio-rng-pci\n-device pvpanic-pci\n\
        -chardev socket,id=qmp,path=/f/qmp\n-chardev socket,id=serial,path=/f/serial\n\
        -mon chardev=qmp,mode=control\n-serial chardev:serial";
    check(&bare(), expected);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_machine_with_everything() {
    let expected = "-no-user-config\n-nodefaults\n-no-reboot\n-name guest=cinnabar\n-display none\n-machine q35\n\
        -accel tcg\n-cpu max\n-m 1024\n-smp 2\n-kernel /boot/vmlinuz\n-initrd /boot/initrd\n\
        -append console=ttyS0 panic=-1\n-device virtio-rng-pci\n-device pvpanic-pci\n\
        -chardev socket,id=qmp,path=/f/qmp\n-chardev socket,id=serial,path=/f/serial\n\
        -chardev socket,id=shell,path=/f/shell\n-chardev socket,id=agent,path=/f/agent\n\
        -mon chardev=qmp,mode=control\n-serial chardev:serial\n-device virtio-serial-pci\n\
        -device virtconsole,chardev=shell\n\
        -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0\n-device VGA\n\
        -drive if=none,id=disk0,format=qcow2,read-only=on,file.driver=file,file.filename=/a,,b/root.img\n\
        -device virtio-blk-pci,drive=disk0,serial=root\n\
        -netdev user,id=user,restrict=on,hostfwd=tcp:127.0.0.1:0-:22,hostfwd=tcp:127.0.0.1:0-:80\n\
        -device virtio-net-pci,netdev=user,romfile=\n\
        -netdev stream,id=link0,server=off,addr.type=unix,addr.path=/s/net\n\
        -device virtio-net-pci,netdev=link0,romfile=,mac=52:54:00:12:01:02\n\
        -device pcie-root-port,id=pluggable,chassis=1";
    check(&full(), expected);
}

#[test]
fn what_a_guest_shares_with_others_stays_as_it_is() {
    let mut machine = bare();
    machine.disks =
        full().disks.into_iter().map(|disk| Disk { read_only: false, scratch: true, ..disk }).collect();
    machine.shares = vec![Share { path: "/a,b".into(), tag: "nix-store".into() }];
    let words = arguments(&machine, Path::new("/f"));
    let shown = words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
    let disk = "-drive if=none,id=disk0,format=qcow2,read-only=off,snapshot=on,file.driver=file,file.filename=/a,,b/root.img";
    assert!(shown.contains(disk), "{shown}");
    let share = "-fsdev local,id=share0,security_model=none,readonly=on,path=/a,,b -device virtio-9p-pci,fsdev=share0,mount_tag=nix-store";
    assert!(shown.contains(share), "{shown}");
}

#[test]
fn a_line_for_a_person() {
    let line = shell_line(Path::new("/usr/bin/qemu"), &full());
    assert!(line.starts_with("/usr/bin/qemu -no-user-config -nodefaults "), "{line}");
    assert!(line.contains(" -append 'console=ttyS0 panic=-1' "), "{line}");
    assert!(line.contains(" -serial mon:stdio -chardev pty,id=shell -chardev pty,id=agent "), "{line}");
    assert!(!line.contains("qmp"), "{line}");
}

#[test]
fn a_machine_is_data() {
    let json = serde_json::to_string(&full()).unwrap();
    assert_eq!(serde_json::from_str::<Machine>(&json).unwrap(), full());
    let least = r#"{"name":"a","accelerator":"tcg","memory":512,"processors":1,"boot":{"kernel":"/k"}}"#;
    let machine: Machine = serde_json::from_str(least).unwrap();
    assert!(!machine.backdoor && machine.disks.is_empty() && machine.boot.kernel == Path::new("/k"));
    assert!(
        serde_json::from_str::<Machine>(&least.replace("\"name\"", "\"backdor\":true,\"name\"")).is_err()
    );
}

#[test]
fn memory_that_is_saved_and_a_copy_of_it_are_the_same_machine() {
    let words = |memory| {
        let words = arguments_with(&bare(), Path::new("/f"), memory);
        words.iter().map(|word| word.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let object = "memory-backend=ram -object memory-backend-file,id=ram,size=512M,share";
    let saved = words(Memory::ToBeSaved(Path::new("/a,b")));
    assert!(saved.contains(&format!("{object}=on,mem-path=/a,,b -accel")), "{saved}");
    let copy = words(Memory::Of(Path::new("/a,b")));
    assert_eq!(copy.replace("=off,mem-path=/a,,b -incoming defer", "=on,mem-path=/a,,b"), saved);
}
