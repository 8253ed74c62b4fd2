//! What the boxes of a lab read: units, and what of the system's own units is none of theirs.
//!
//! Flows in: nothing but whose it is. Flows out: files by their names in the host's folder. Must not: write them.

/// The files of a box beside those of every host.
pub(crate) const FILES: [(&str, &str); 8] = [
    ("box.sh", include_str!("box/box.sh")),
    ("boot.sh", include_str!("box/boot.sh")),
    ("etc/systemd/system.conf", include_str!("box/system.conf")),
    ("etc/systemd/system/sshd.service", include_str!("box/sshd.service")),
    ("etc/systemd/system/up.service", include_str!("box/up.service")),
    ("etc/systemd/system/default.target", include_str!("box/default.target")),
    ("etc/systemd/system/multi-user.target.d/box.conf", include_str!("box/multi-user.conf")),
    // Without one, systemd takes each start for the first of all.
    ("etc/machine-id", "6c6162006c6162006c6162006c616200\n"),
];

/// How a box's sshd is stopped and started.
pub(crate) const SSHD: &str = include_str!("box/sshd.sh");

/// Units that speak to hardware, to the kernel, or to people at a screen. An empty file masks one.
pub(crate) const MASKED: [&str; 31] = [
    "console-getty.service",
    "dbus.service",
    "dbus.socket",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "getty.target",
    "kmod-static-nodes.service",
    "modprobe@.service",
    "proc-sys-fs-binfmt_misc.automount",
    "proc-sys-fs-binfmt_misc.mount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
    "systemd-binfmt.service",
    "systemd-firstboot.service",
    "systemd-logind.service",
    "systemd-modules-load.service",
    "systemd-random-seed.service",
    "systemd-sysctl.service",
    "systemd-sysusers.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-tmpfiles-setup-dev.service",
    "systemd-tmpfiles-setup.service",
    "systemd-udev-trigger.service",
    "systemd-udevd.service",
    "systemd-update-utmp-runlevel.service",
    "systemd-update-utmp.service",
    "systemd-user-sessions.service",
];
