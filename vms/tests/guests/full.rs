//! What is said where this computer has no room, on its disks or in its memory. Each test has small disks of its own.

use std::{fs, path::Path};

use serde_json::Value;
use vms::{
    channel::{Channel as _, ChannelError},
    folder::Folder,
    guest::{Guest, MoveError, StartError},
    machine::{Disk, Format, Machine},
    snapshot::{SaveError, store::Store},
};

use super::rig::{BACKDOOR, LIMIT, Rig, has_own_mounts, mount, qemu, small_disk};

async fn save(rig: &Rig, place: &Path) -> SaveError {
    let folder = Folder::create(&rig.folders()).unwrap();
    let guest = Guest::start_to_be_saved(&qemu(), &rig.machine(BACKDOOR), folder).await.unwrap();
    let shell = guest.backdoor(LIMIT).await.unwrap();
    let store = Store::open(place, 1 << 40).unwrap();
    let key = "0123456789abcdef".parse().unwrap();
    let error = store.save(&key, guest, shell, Value::Null).await.unwrap_err();
    assert!(store.find(&key).unwrap().is_none());
    let left: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["changing"], "no part of it is left");
    rig.assert_no_qemu();
    error
}

#[tokio::test]
async fn a_snapshot_without_room_is_told_and_leaves_nothing() {
    if !has_own_mounts("full::a_snapshot_without_room_is_told_and_leaves_nothing") {
        return;
    }
    let rig = Rig::new();
    for (kib, what) in [(20, "devices"), (16 * 1024, "memory")] {
        let place = rig.path(what);
        small_disk(&place, kib);
        let error = save(&rig, &place).await;
        let cause = match &error {
            SaveError::Move { source: MoveError::File { path, source }, .. }
            | SaveError::Write { path, source } => {
                assert!(path.ends_with(what), "{error:?}");
                source
            }
            _ => panic!("{error:?}"),
        };
        assert_eq!(cause.kind(), std::io::ErrorKind::StorageFull, "{error:?}");
    }
}

#[tokio::test]
async fn a_memory_without_room_is_refused() {
    if !has_own_mounts("full::a_memory_without_room_is_refused") {
        return;
    }
    let rig = Rig::new();
    small_disk(&rig.folders(), 20 * 1024);
    let folder = Folder::create(&rig.folders()).unwrap();
    let path = folder.path().to_owned();
    let error = Guest::start_to_be_saved(&qemu(), &rig.machine(""), folder).await.unwrap_err();
    assert!(matches!(error, StartError::NoRoomOnDisk { asked: 256, left: 18..=20, .. }), "{error:?}");
    assert!(error.to_string().contains("make room there, or choose another folder"), "{error}");
    assert!(!path.exists());
    rig.assert_no_qemu();
}

#[tokio::test]
async fn a_disk_that_loses_its_room_is_named() {
    if !has_own_mounts("full::a_disk_that_loses_its_room_is_named") {
        return;
    }
    let rig = Rig::new();
    small_disk(&rig.path("small"), 1024);
    let path = rig.path("small/disk");
    fs::File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let disk = Disk { path, format: Format::Raw, read_only: false, scratch: false, serial: "data".into() };
    let guest = rig.start(&Machine { disks: vec![disk], ..rig.machine(BACKDOOR) }).await;
    let shell = guest.backdoor(LIMIT).await.unwrap();
    assert_eq!(guest.stopped_by(), None);
    let write =
        shell.run("dd if=/dev/zero of=/dev/vda bs=1M count=8 conv=fsync", std::time::Duration::from_secs(1));
    let mute = write.await.unwrap_err();
    assert!(matches!(mute, ChannelError::Mute { .. }), "{mute:?}");
    let said = guest.stopped_by().expect("it is told").to_string();
    assert!(
        said.starts_with("QEMU stopped the guest: its disk `data`, ") && said.contains("(No space left"),
        "{said}"
    );
    assert!(guest.stands_still());
    mount(&["-o", "remount,size=32m"], &rig.path("small"));
    guest.cont().await.unwrap();
    assert!(
        shell.run("dd if=/dev/zero of=/dev/vda bs=1M count=8 conv=fsync", LIMIT).await.unwrap().success()
    );
    assert_eq!(guest.stopped_by(), None);
}

#[tokio::test]
async fn a_guest_gets_no_more_memory_than_is_left() {
    if !has_own_mounts("full::a_guest_gets_no_more_memory_than_is_left") {
        return;
    }
    let rig = Rig::new();
    fs::write(rig.path("meminfo"), "MemTotal: 24684084 kB\nMemAvailable: 262144 kB\n").unwrap();
    let told = rig.path("meminfo");
    mount(&["--bind", told.to_str().unwrap()], Path::new("/proc/meminfo"));
    let error = rig.try_start(&Machine { memory: 257, ..rig.machine("") }).await.unwrap_err();
    assert!(matches!(error, StartError::NoRoom { asked: 257, left: 256 }), "{error:?}");
    assert!(error.to_string().contains("this computer has 256 MiB left: give the guest less"), "{error}");
    rig.start(&rig.machine("")).await;
}
