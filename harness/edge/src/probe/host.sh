# Asks everything, from the machine on which it runs. Before it stand `asks`, `daemons` and `prober`, in single quotes.
# For any POSIX shell: dash, bash, busybox. It writes no file. Secret keys stay in a variable and are not printed.
PATH="$PATH:/run/wrappers/bin:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LC_ALL=C
export PATH LC_ALL
tab=$(printf '\t')

has() { command -v "$1" >/dev/null 2>&1; }

# Runs a program for at most so many seconds.
if has timeout; then
    within() { timeout -s KILL "$@"; }
elif has perl; then
    within() { perl -e 'alarm shift; exec @ARGV; exit 127' "$@"; }
else
    within() {
        seconds=$1 && shift
        "$@" &
        program=$!
        (sleep "$seconds" && kill -9 "$program") >/dev/null 2>&1 &
        watch=$!
        wait "$program"
        status=$?
        kill "$watch" 2>/dev/null
        return "$status"
    }
fi

# Our own addresses.
addresses() {
    if has ip; then
        ip -o address show 2>/dev/null | while read -r _ _ family address _; do
            case $family in inet | inet6) echo "address ${address%%/*}" ;; esac
        done
    elif has ifconfig; then
        ifconfig 2>/dev/null | while read -r family address _; do
            address=${address#addr:}
            case $family in inet | inet6) echo "address ${address%%[%/]*}" ;; esac
        done
    fi
}

# Without perl: a process for each target, some at a time.
by_tools() {
    ping=none
    if has ping; then ping=program; fi
    echo "icmp 4 $ping"
    echo "icmp 6 $ping"
    running=0
    # shellcheck disable=SC2034 # The words of a line have as many names as there may be.
    printf '%s\n' "$asks" | {
        while read -r what first second third fourth fifth; do
            case $what in
                limits)
                    # A second goes by from one to the next.
                    count=$first wait=${third%.*} && wait=$((wait + 1))
                    [ "$count" -le 5 ] || count=5
                    end=$(($(date +%s) + ${fourth%.*}))
                    ;;
                ping) [ "$ping" = none ] || { echo_to "$first" & running=$((running + 1)); } ;;
                tcp) knock "$first" "$second" & running=$((running + 1)) ;;
                name) name_of "$first" & running=$((running + 1)) ;;
            esac
            if [ "$running" -ge 16 ]; then
                wait
                running=0
                # Of the others nothing is told: what was seen is not to be lost with them.
                [ "$(date +%s)" -lt "$end" ] || break
            fi
        done
        wait
    }
}

echo_to() {
    program=ping
    case $1 in *:*) if has ping6; then program=ping6; fi ;; esac
    said=$(within $((count + wait)) $program -n -c "$count" -W "$wait" "$1" 2>&1)
    printf '%s\n' "$said" | while IFS= read -r line; do
        case $line in *time=*) echo "said $1 $count $line" ;; esac
    done
    # At least one line, so that what is lost is told.
    echo "said $1 $count -"
}

knock() {
    case $1 in *:*) target="[$1]:$2" ;; *) target=$1:$2 ;; esac
    if has bash; then
        # shellcheck disable=SC2016 # These are for the other shell.
        said=$(within "$wait" bash -c '</dev/tcp/$0/$1' "$1" "$2" 2>&1)
    elif has nc; then
        said=$(within $((wait + 1)) nc -w "$wait" "$1" "$2" </dev/null 2>&1)
    else
        echo "tcp $target no-means"
        return
    fi
    case $?-$said in
        0-*) echo "tcp $target open" ;;
        *refused*) echo "tcp $target refused" ;;
        *"No route"* | *nreachable*) echo "tcp $target unreachable" ;;
        1-* | 124-* | 137-* | 142-* | 143-*) echo "tcp $target silent" ;;
        *) echo "tcp $target other it ended with an error" ;;
    esac
}

name_of() {
    if ! has getent; then return; fi
    found=$(within "$wait" getent ahosts "$1")
    case $? in
        0) ;;
        124 | 137 | 142 | 143) echo "name $1 late" && return ;;
        *) echo "name $1 nowhere" && return ;;
    esac
    printf '%s\n' "$found" | {
        all=
        while read -r address _; do case " $all " in *" $address "*) ;; *) all="$all $address" ;; esac; done
        echo "name $1$all"
    }
}

# `failed <code> <last words>`; what has a tab in it may hold keys.
failed() {
    printf '%s\n' "$3" | {
        last=
        while IFS= read -r line; do
            case $line in *"$tab"*) ;; ?*) last=$line ;; esac
        done
        printf '%s failed %s %.200s\n' "$1" "$2" "$last"
    }
}

wireguard() {
    if ! has wg; then echo "wireguard absent" && return; fi
    said=$(within 5 wg show all dump 2>&1)
    status=$?
    case $status-$said in
        0-*nable\ to\ access*) failed wireguard 1 "$said" && return ;;
        0-*) ;;
        *) failed wireguard "$status" "$said" && return ;;
    esac
    echo "wireguard now $(date +%s)"
    printf '%s\n' "$said" | while IFS=$tab read -r interface a b c d e f g h; do
        if [ -n "$e" ]; then
            echo "wireguard peer $interface $a $c $d $e $f $g $h"
        elif [ -n "$b" ]; then
            echo "wireguard interface $interface $b $c"
        elif [ -n "$interface" ]; then
            # What it is nobody knows, so it stays here.
            echo "wireguard other"
        fi
    done
}

# $1 the daemon, $2 the part of its answer; then the program.
document() {
    daemon=$1 part=$2
    shift 2
    said=$(within 5 "$@" 2>/dev/null)
    status=$?
    # Some end well though they failed, and complain in place of a document.
    case $status-$said in 0-[\[{]*) good=yes ;; *) good= ;; esac
    if [ -z "$good" ]; then
        case $status in 124 | 137 | 142 | 143) ;; *) said=$(within 5 "$@" 2>&1) ;; esac
        failed "$daemon" "$status" "$said"
        return 1
    fi
    printf '%s\n' "$said" | while IFS= read -r line; do printf '%s %s %s\n' "$daemon" "$part" "$line"; done
}

yggdrasil() {
    if ! has yggdrasilctl; then echo "yggdrasil absent" && return; fi
    socket=
    for file in /run/yggdrasil/yggdrasil.sock /run/yggdrasil.sock /var/run/yggdrasil/yggdrasil.sock /var/run/yggdrasil.sock; do
        [ -n "$socket" ] || [ ! -S "$file" ] || socket="-endpoint=unix://$file"
    done
    # shellcheck disable=SC2086 # Without a socket it is asked where it is by itself.
    document yggdrasil self yggdrasilctl $socket -json getSelf &&
        document yggdrasil peers yggdrasilctl $socket -json getPeers
}

zerotier() {
    if ! has zerotier-cli; then echo "zerotier absent" && return; fi
    document zerotier info zerotier-cli -j info && document zerotier networks zerotier-cli -j listnetworks &&
        document zerotier peers zerotier-cli -j listpeers || return
    # Whom it admits to the networks that it controls: of most machines there are none.
    for network in $(within 5 zerotier-cli /controller/network 2>/dev/null | tr -cs '0-9a-f' ' '); do
        # Before 1.12 there is no such list: then nothing is told of it.
        members=$(document zerotier members zerotier-cli "/unstable/controller/network/$network/member") &&
            printf '%s\n' "$members"
    done
}

echo "sighting 1"
addresses
# It prints nothing before it has all, and fails where a module or the right to send echoes is missing.
by_perl() {
    [ "$tools" = perl ] && has perl || return 1
    instead=0
    if has ping; then instead=1; fi
    printf '%s\n' "$asks" | perl -e "$prober" "$instead" 2>/dev/null
}

if ! by_perl; then
    echo "prober shell"
    by_tools
fi
# After the echoes: only then have tunnels greeted each other.
for daemon in $daemons; do "$daemon"; done
echo end
