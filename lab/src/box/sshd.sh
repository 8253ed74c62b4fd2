# A box's sshd: `start` comes back when it listens, `stop` when it is gone.
exec systemctl "$1" sshd
