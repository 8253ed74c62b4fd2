# What is booted once. Only systemd-boot does so soundly: the firmware keeps the name of an entry, and the loader forgets it before it
# boots it. GRUB does so only where it may write to its own folder.

# What a boot alone brings into use, and what of it is in use.
parts() {
    for part in kernel initrd kernel-modules; do
        [ ! -e "$1/$part" ] || echo "$part $(readlink -f "$1/$part")"
    done
    [ ! -e "$1/kernel-params" ] || echo "kernel-params $(cat "$1/kernel-params")"
}

all_in_use() {
    [ "$(parts "$new")" = "$(parts /run/booted-system)" ]
}

# The name of the entry that boots a closure, without what counts how often it was tried.
entry_of() {
    folder=$(bootctl --print-boot-path 2>/dev/null)/loader/entries
    for file in $(grep -lF -e "init=$1/init" "$folder"/*.conf 2>/dev/null); do
        basename "$file" | sed 's/+[0-9-]*\.conf$/.conf/'
        return
    done
    return 1
}

# To forget what nothing was told to boot once changes nothing, and works only where the loader keeps such a name.
can_boot_once() {
    bootctl set-oneshot "" >"$run/boot.log" 2>&1 && entry_of "$old" >/dev/null
}

# The old closure's own script writes an entry for each generation, and has the old one boot by default.
sets_once() {
    puts "$new" "$old" &&
        has_entry "$old" && has_entry "$new" &&
        bootctl set-oneshot "$(entry_of "$new")" >>"$run/boot.log" 2>&1
}

has_entry() {
    entry_of "$1" >/dev/null || ! echo "there is no entry that boots $1" >>"$run/boot.log"
}
