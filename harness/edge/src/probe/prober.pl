# One process that asks all targets at once. Its questions come by standard input, its answers are the lines of a
# sighting. No quote of the single kind may stand in here: a shell hands it on within two of them.
use strict;

# What the headers of the system say. For Linux it stands here: to load the modules that know it takes perl longer than all
# else that it does here.
my $linux = $^O eq "linux";
my %is = (
    AF_INET6 => 10, SOL_SOCKET => 1, SO_RCVBUF => 8, SO_ERROR => 4, O_NONBLOCK => 2048, EINTR => 4, EAGAIN => 11,
    EMSGSIZE => 90, ENETUNREACH => 101, ENOBUFS => 105, ETIMEDOUT => 110, ECONNREFUSED => 111, EHOSTUNREACH => 113,
    EINPROGRESS => 115,
);
if (!$linux) {
    for my $module ("Socket", "Fcntl", "Errno") {
        eval "require $module";
        for my $name (keys %is) { my $value = $module->can($name); $is{$name} = $value->() if $value }
    }
}
# These are the same everywhere.
my ($AF_INET, $SOCK_STREAM, $SOCK_DGRAM, $SOCK_RAW, $F_SETFL) = (2, 1, 2, 3, 4);

my $fine = eval { require Time::HiRes; Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()); 1 };
sub now {
    return Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) if $fine;
    # A small Debian has no finer clock for perl: hundredths of a second.
    open(my $up, "<", "/proc/uptime") or return time;
    return (split " ", <$up>)[0];
}
my $began = now();
my ($count, $interval, $wait, $limit, $mtu) = (5, 0.2, 2, 20, 0);
my (@pings, @knocks, @names);
while (<STDIN>) {
    my ($what, @rest) = split " ";
    if    ($what eq "limits") { ($count, $interval, $wait, $limit, $mtu) = @rest }
    elsif ($what eq "ping")   { push @pings, {name => $rest[0], bytes => pack("H*", $rest[1])} }
    elsif ($what eq "tcp")    { push @knocks, {name => $rest[0], port => $rest[1], bytes => pack("H*", $rest[2])} }
    elsif ($what eq "name")   { push @names, $rest[0] }
}
alarm int($limit) + 2;
$SIG{PIPE} = "DEFAULT";
my @out;

sub family { return length $_[0]{bytes} == 4 ? $AF_INET : $is{AF_INET6} }
sub place {
    my ($target, $port) = @_;
    my $four = length $target->{bytes} == 4;
    my $family = family($target);
    # Elsewhere its length stands before, and each of the two takes a byte.
    my $head = $linux ? pack("S", $family) : pack("CC", $four ? 16 : 28, $family);
    return $head . ($four ? pack("n a4 x8", $port, $target->{bytes}) : pack("n N a16 N", $port, 0, $target->{bytes}, 0));
}
# The address in a place.
sub bytes { my ($family, $place) = @_; return $family == $AF_INET ? substr($place, 4, 4) : substr($place, 8, 16) }

# Sockets for echoes: raw ones also hear the requests of others.
my (%icmp, %means);
for my $family ($AF_INET, $is{AF_INET6}) {
    my $protocol = $family == $AF_INET ? 1 : 58;
    for my $kind ([$SOCK_RAW, "raw"], [$SOCK_DGRAM, "datagram"]) {
        my $socket;
        next unless socket($socket, $family, $kind->[0], $protocol);
        if ($linux && $kind->[1] eq "raw") {
            if ($family == $AF_INET) { setsockopt($socket, 255, 1, pack("L", 0xffffffff & ~((1 << 0) | (1 << 8)))) }
            else { setsockopt($socket, 58, 1, pack("L8", (0xffffffff) x 4, 0xfffffffc, (0xffffffff) x 3)) }
        }
        setsockopt($socket, $is{SOL_SOCKET}, $is{SO_RCVBUF}, pack("i", 1 << 20));
        # Packets are never taken apart, and what the system believes of the way is not believed.
        if ($linux && $mtu) { setsockopt($socket, $family == $AF_INET ? 0 : 41, $family == $AF_INET ? 10 : 23, pack("i", 3)) }
        fcntl($socket, $F_SETFL, $is{O_NONBLOCK});
        ($icmp{$family}, $means{$family}) = ($socket, $kind->[1]);
        last;
    }
    push @out, "icmp " . ($family == $AF_INET ? 4 : 6) . " " . ($means{$family} || "none");
}

# Where the system lets us send none, its own program may: the shell goes on with that.
exit 3 if $ARGV[0] && grep { !$icmp{family($_)} } @pings;

sub checksum {
    my ($bytes) = @_;
    $bytes .= "\0" if length($bytes) % 2;
    my $sum = unpack("%32n*", $bytes);
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xffff;
}
my $mark = "swsw" . join "", map { chr(33 + int rand 90) } 1 .. 8;
sub echo {
    my ($at, $number, $payload) = @_;
    my $target = $pings[$at];
    my $family = family($target);
    my $socket = $icmp{$family} or return "no socket";
    my $body = $mark . pack("nn", $at, $number);
    $body .= "\0" x ($payload - length $body) if $payload > length $body;
    my $type = $family == $AF_INET ? 8 : 128;
    my $packet = pack("CCnnn", $type, 0, 0, $$ & 0xffff, $number & 0xffff) . $body;
    substr($packet, 2, 2) = pack("n", checksum($packet)) if $family == $AF_INET;
    my $place = place($target, 0);
    for (1 .. 3) {
        return "" if defined send($socket, $packet, 0, $place);
        return "large" if $! == $is{EMSGSIZE};
        return "$!" unless grep { $! == $_ } @is{"ENOBUFS", "EAGAIN", "EINTR"};
        select undef, undef, undef, 0.002;
    }
    return "$!";
}
# What came in: [which target, which number]. Requests of others are noted.
my %heard;
sub incoming {
    my ($socket, $family) = @_;
    my @came;
    while (defined(my $from = recv($socket, my $bytes, 65535, 0))) {
        # Raw sockets put the header before it, and on macOS those of datagrams do. No echo begins like one.
        if ($family == $AF_INET && ord($bytes) >> 4 == 4) { $bytes = substr($bytes, (ord($bytes) & 15) * 4) }
        my $type = ord $bytes;
        my $sender = bytes($family, $from);
        if ($type == 8 || $type == 128) { $heard{$sender} = 1; next }
        next unless $type == 0 || $type == 129;
        next unless length($bytes) >= 24 && substr($bytes, 8, 12) eq $mark;
        my ($at, $number) = unpack("nn", substr($bytes, 20, 4));
        push @came, [$at, $number, now()] if $at < @pings && $pings[$at]{bytes} eq $sender;
    }
    return @came;
}

# Names are resolved by children, as the resolver of the system waits by itself. Each takes the next that nobody has: one that
# hangs holds up nobody but the child that asks for it.
my ($reader, $child, $resolved) = (undef, undef, "");
if (@names) {
    pipe($reader, my $writer);
    pipe(my $queue, my $in);
    syswrite $in, pack("n*", 0 .. $#names);
    close $in;
    $child = fork;
    if (defined $child && !$child) {
        # A group of their own, which ends together, and whose output nobody waits for.
        setpgrp(0, 0);
        close STDOUT;
        require Socket;
        for (2 .. (@names < 8 ? @names : 8)) { my $other = fork; last if defined $other && !$other }
        alarm int($limit) + 2;
        while ((sysread($queue, my $at, 2) || 0) == 2) {
            my $name = $names[unpack("n", $at)];
            syswrite $writer, "asked $name\n";
            my ($error, @found) = Socket::getaddrinfo($name, "", { socktype => $SOCK_STREAM });
            my @numeric = (Socket::NI_NUMERICHOST(), Socket::NIx_NOSERV());
            my %to = map { (Socket::getnameinfo($_->{addr}, @numeric))[1] => 1 } @found;
            syswrite $writer, "name $name " . ($error || !%to ? "nowhere" : join " ", sort keys %to) . "\n";
        }
        # Nothing of the parent is to be flushed or closed twice.
        kill 9, $$;
    }
    close $writer;
    close $queue;
    fcntl($reader, $F_SETFL, $is{O_NONBLOCK});
}

# Connections: all begun at once.
my (%open, @knocked);
for my $at (0 .. $#knocks) {
    my $socket;
    if (!socket($socket, family($knocks[$at]), $SOCK_STREAM, 6)) { $knocked[$at] = "other $!"; next }
    fcntl($socket, $F_SETFL, $is{O_NONBLOCK});
    my $begun = now();
    if (connect($socket, place($knocks[$at], $knocks[$at]{port}))) { $knocked[$at] = "open " . int((now() - $begun) * 1e6); next }
    if ($! != $is{EINPROGRESS}) { $knocked[$at] = word($! + 0); next }
    $open{fileno $socket} = [$at, $socket, $begun];
}
sub word {
    my ($error) = @_;
    return "refused" if $error == $is{ECONNREFUSED};
    return "unreachable" if $error == $is{EHOSTUNREACH} || $error == $is{ENETUNREACH};
    return "silent" if $error == $is{ETIMEDOUT};
    local $! = $error;
    return "other $!";
}

# Waits for whatever comes, at most until then.
sub meet {
    my ($until) = @_;
    my ($in, $outgoing) = ("", "");
    vec($in, fileno $_, 1) = 1 for grep { defined } values %icmp, $reader;
    vec($outgoing, $_, 1) = 1 for keys %open;
    my $left = $until - now();
    my $ready = select(my $readable = $in, my $writable = $outgoing, undef, $left > 0 ? $left : 0);
    return () unless $ready > 0;
    my @came;
    for my $family (keys %icmp) {
        push @came, incoming($icmp{$family}, $family) if vec($readable, fileno $icmp{$family}, 1);
    }
    for my $number (grep { vec($writable, $_, 1) } keys %open) {
        my ($at, $socket, $begun) = @{delete $open{$number}};
        my $error = unpack("i", getsockopt($socket, $is{SOL_SOCKET}, $is{SO_ERROR}));
        $knocked[$at] = $error ? word($error) : "open " . int((now() - $begun) * 1e6);
        close $socket;
    }
    if ($reader && vec($readable, fileno $reader, 1)) {
        my $read = sysread $reader, $resolved, 65536, length $resolved;
        if (defined $read && !$read) { close $reader; undef $reader }
    }
    return @came;
}

# Echoes: a round to all, the next as soon as all have answered, or after a while. Who answers none of the first is not asked
# for more: all would wait for it.
my $first = 5;
my (@sent, @answer, @unsent);
my $last = $began + $limit;
my ($round, $missing) = (0, 0);
sub count_in {
    for (@_) {
        my ($at, $number, $when) = @$_;
        next if $number >= $count || !defined $sent[$at][$number] || defined $answer[$at][$number];
        $answer[$at][$number] = $when - $sent[$at][$number];
        $missing-- if $number == $round;
    }
}
sub answered { my ($at) = @_; return grep { defined } @{$answer[$at] || []} }
# When the last of those was sent whose answers have not come.
sub awaited {
    my $newest;
    for my $at (0 .. $#sent) {
        for my $number (0 .. $#{$sent[$at] || []}) {
            my $when = $sent[$at][$number];
            next if !defined $when || defined $answer[$at][$number];
            $newest = $when if !defined $newest || $newest < $when;
        }
    }
    return $newest;
}
for (; $round < $count; $round++) {
    $missing = 0;
    for my $at (0 .. $#pings) {
        next if $round >= $first && !answered($at);
        $sent[$at][$round] = now();
        my $error = echo($at, $round, 56);
        if ($error) { $unsent[$at] = $error; undef $sent[$at][$round] } else { $missing++ }
        # Answers are taken in between, or the first ones would seem slow.
        count_in(meet(0)) if $at % 8 == 7;
    }
    my $until = now() + $interval;
    $until = $last if $until > $last;
    count_in(meet($until)) while $missing > 0 && now() < $until;
    last if now() >= $last;
}
while (defined(my $newest = awaited())) {
    my $until = $newest + $wait;
    $until = $last if $until > $last;
    last if now() >= $until;
    count_in(meet($until));
}
my $until = now() + $wait;
$until = $last if $until > $last;
count_in(meet($until)) while (%open || $reader) && now() < $until;
# One in need of a second round of answers is waited for by all: who is heard is told in the end.

# The largest packet that comes back: first what the interface takes, then halves.
my (@low, @high, @whole);
if ($linux && $mtu) {
    my @todo = grep { answered($_) } 0 .. $#pings;
    for my $at (@todo) {
        my $four = family($pings[$at]) == $AF_INET;
        socket(my $socket, family($pings[$at]), $SOCK_DGRAM, 17) or next;
        next unless connect($socket, place($pings[$at], 9));
        my $bytes = getsockopt($socket, $four ? 0 : 41, $four ? 14 : 24) or next;
        $whole[$at] = unpack("i", $bytes);
        $high[$at] = $whole[$at] > 9000 ? 9000 : $whole[$at];
        $low[$at] = 0;
    }
    @todo = grep { defined $whole[$_] } @todo;
    my ($step, %try) = ($count, ());
    $try{$_} = $high[$_] for @todo;
    while (%try && now() < $last) {
        $step++;
        my %waiting;
        # Twice as long as the slowest of them took before.
        my $patience = 0.4;
        for my $at (sort keys %try) {
            my $head = family($pings[$at]) == $AF_INET ? 28 : 48;
            # Two of them, so that one that is lost is not taken for one that is too large.
            my @errors = map { echo($at, $step, $try{$at} - $head) } 1 .. 2;
            $waiting{$at} = 1 if grep { $_ eq "" } @errors;
            for my $time (answered($at)) { $patience = 2 * $time if 2 * $time > $patience }
        }
        my $until = now() + $patience;
        $until = $last if $until > $last;
        my %passed;
        while (grep({ !$passed{$_} } keys %waiting) && now() < $until) {
            for (meet($until)) { $passed{$_->[0]} = 1 if $_->[1] == $step }
        }
        for my $at (keys %try) {
            if ($passed{$at}) { $low[$at] = $try{$at} } else { $high[$at] = $try{$at} - 1 }
            my $floor = $low[$at] || 575;
            if ($high[$at] <= $floor) { delete $try{$at}; next }
            # What is looked for first below the whole is what IPv6 has to carry.
            $try{$at} = !$low[$at] && $high[$at] > 1280 ? 1280 : int(($floor + $high[$at] + 1) / 2);
        }
    }
    # Of those for whom there was no time left nothing is told.
    for my $at (keys %try) { undef $whole[$at] if !$low[$at] }
}
if ($child) { kill -9, $child; waitpid $child, 0 }

print "prober perl\n";
print "$_\n" for @out;
for my $at (0 .. $#pings) {
    # Without means nothing was asked, and nothing is told.
    next unless $icmp{family($pings[$at])};
    print "ping $pings[$at]{name} unsent $unsent[$at]\n" if $unsent[$at];
    for my $number (0 .. $#{$sent[$at] || []}) {
        next unless defined $sent[$at][$number];
        my $time = $answer[$at][$number];
        print "ping $pings[$at]{name} " . (defined $time ? int($time * 1e6) : "lost") . "\n";
    }
    print "mtu $pings[$at]{name} " . ($low[$at] || "none") . " $whole[$at]\n" if defined $whole[$at];
}
for my $at (0 .. $#knocks) {
    my ($address, $port) = @{$knocks[$at]}{"name", "port"};
    my $target = family($knocks[$at]) == $AF_INET ? "$address:$port" : "[$address]:$port";
    print "tcp $target " . (defined $knocked[$at] ? $knocked[$at] : "silent") . "\n";
}
# Of names for which nobody asked as yet nothing is told.
my %late;
for (split /\n/, $resolved) {
    my ($what, $name) = split " ";
    if ($what eq "asked") { $late{$name} = 1 } else { delete $late{$name}; print "$_\n" }
}
print "name $_ late\n" for sort keys %late;
for (sort keys %heard) {
    print "heard " . (length == 4 ? join ".", unpack "C4" : join ":", unpack "(H4)8") . "\n";
}
