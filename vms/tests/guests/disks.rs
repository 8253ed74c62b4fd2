//! Disks that guests write to.

use std::fs;

use vms::{
    channel::Channel as _,
    machine::{Disk, Format, Machine},
};

use super::rig::{BACKDOOR, LIMIT, Rig};

#[tokio::test]
async fn what_is_written_to_a_scratch_disk_is_seen_by_its_own_guest_alone() {
    let rig = Rig::new();
    let disk = Disk {
        path: rig.path("disk"),
        format: Format::Raw,
        read_only: false,
        scratch: true,
        serial: "root".into(),
    };
    fs::write(&disk.path, [b"as it was".as_slice(), &vec![0; 1 << 20]].concat()).unwrap();
    let machine = Machine { disks: vec![disk], ..rig.machine(BACKDOOR) };
    let (one, other) = (rig.start(&machine).await, rig.start(&machine).await);
    let said = async |guest: &vms::guest::Guest, command: &str| {
        let shell = guest.backdoor(LIMIT).await.unwrap_or_else(|error| panic!("{error}"));
        shell.run(command, LIMIT).await.unwrap().text()
    };
    // From the disk, not from what the kernel still has of it.
    let write = "printf scribbled >/dev/vda; sync; echo 3 >/proc/sys/vm/drop_caches; head -c 9 /dev/vda";
    assert_eq!(said(&one, write).await, "scribbled");
    assert_eq!(said(&other, "head -c 9 /dev/vda").await, "as it was");
    assert_eq!(fs::read(rig.path("disk")).unwrap()[..9], *b"as it was");
}
