# Tells what systems are made of, as far as they are here. Set before: old, new; either may be empty. Changes nothing.
set -u
export PATH="/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:$PATH"

boots() {
    for part in kernel initrd kernel-modules; do
        [ ! -e "$2/$part" ] || printf '%s %s %s\n' "$1" "$part" "$(readlink -f "$2/$part")"
    done
    [ ! -e "$2/kernel-params" ] || printf '%s kernel-params %s\n' "$1" "$(cat "$2/kernel-params")"
}

# units <system> <folder> <what stands before their names>
units() {
    for unit in "$1/$2"/* "$1/$2"/*.d/*; do
        [ ! -f "$unit" ] || printf 'unit %s %s\n' "$3${unit#"$1/$2/"}" "$(readlink "$unit" || cksum <"$unit")"
    done
}

for system in old new; do
    eval "path=\$$system"
    [ -n "$path" ] && [ -e "$path" ] || continue
    paths=$(nix-store --query --requisites "$path") || exit
    echo "system $system"
    echo "$paths" | sed 's/^/path /'
    echo "$paths" | xargs nix-store --query --size | sed 's/^/size /'
    boots boot "$path"
    units "$path" etc/systemd/system ''
    units "$path" etc/systemd/user user/
    units "$path" Library/LaunchDaemons ''
    units "$path" Library/LaunchAgents agents/
done
boots booted /run/booted-system
