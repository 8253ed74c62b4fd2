//! What else goes wrong in a lab, as a person is told of it: each named as what it is, and blamed on whose it is.

use libtest_mimic::Failed;

use super::fleet::Fleet;

/// Without the exception that proves the rule: all the rest is as expected.
fn told(fleet: &Fleet, said: &[&str], counts: &str, gates: &str) -> Result<(), Failed> {
    let parts: Vec<&str> = said.iter().copied().chain([counts, gates]).collect();
    fleet.probe(&[], 1, &parts).map(drop)
}

pub(crate) fn names(fleet: &Fleet) -> Result<(), Failed> {
    let edited = |host: &str, what: &str| {
        let line = format!("sed '{what}' /etc/hosts >/tmp/hosts && cat /tmp/hosts >/etc/hosts");
        fleet.lab(&["ssh", host, "--", &line])
    };
    edited("a", "s/b.overlay/elsewhere/")?;
    edited("c", "s/.* b.overlay/fd00::9 b.overlay/")?;
    told(
        fleet,
        &[
            "FAIL mesh/name: 2 findings",
            "on `a` the name `b.overlay` of `b` leads nowhere, and is to lead to fd5e:a000::3",
            "on `c` the name `b.overlay` of `b` leads to fd00::9, and is to lead to fd5e:a000::3",
        ],
        "6 as expected, 0 not, 0 untold",
        "closed: 2 of 3 gates",
    )
}

pub(crate) fn same_address(fleet: &Fleet) -> Result<(), Failed> {
    let line = "ip address add fd5e:a000::3/128 dev overlay nodad";
    fleet.lab(&["ssh", "c", "--", line])?;
    told(
        fleet,
        &[
            "FAIL mesh/same-address: 1 finding c `c` has fd5e:a000::3, which is `b`'s",
            // It is not taken for `b` where it answers itself.
            "c -> b must reach: `c` does not reach `b` at fd5e:a000::3: `c` has this address itself",
        ],
        "3 as expected, 3 not, 0 untold",
        "closed: 2 of 3 gates",
    )
}

/// Below the overlay the fleet states no addresses: the keys of hosts tell, and whoever calls `b`.
pub(crate) fn in_the_place_of_another(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["twin", "c", "b"])?;
    let parts = [
        "FAIL mesh/host-key: 1 finding b `b` does not prove to be itself: its host key is not the one that is known",
        "FAIL mesh/same-address: 1 finding b `c` has 198.18.0.3, at which others call `b`",
    ];
    fleet.probe(&[], 1, &parts).map(drop)
}

pub(crate) fn stopped(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["stop", "c", "overlay"])?;
    told(
        fleet,
        &[
            "FAIL mesh/wireguard: 1 finding c no interface of WireGuard is up on `c`",
            "FAIL mesh/no-address: 1 finding c `c` does not have its address fd5e:a000::4",
            "a -> c must reach: `a` does not reach `c` at fd5e:a000::4: `c` does not have this address",
        ],
        "2 as expected, 4 not, 0 untold",
        "closed: 3 of 3 gates",
    )
}

pub(crate) fn revoked(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["revoke", "c"])?;
    told(
        fleet,
        &[
            "FAIL mesh/allowed-ips: 2 findings a on `a` no allowed IPs hold fd5e:a000::4 of `c`",
            "b on `b` no allowed IPs hold fd5e:a000::4 of `c`",
            "FAIL mesh/unreached: 4 findings",
        ],
        "2 as expected, 4 not, 0 untold",
        "closed: 3 of 3 gates",
    )
}

pub(crate) fn let_in(fleet: &Fleet) -> Result<(), Failed> {
    fleet.probe(&[], 0, &["all 9 pairs asked; 9 as expected, 0 not, 0 untold"])?;
    fleet.lab(&["admit", "out"])?;
    fleet.whole()?;
    told(
        fleet,
        &[
            "FAIL mesh/leak: 6 findings",
            "out -> a must not reach: `out` reaches `a` at fd5e:a000::2, and must not reach it",
            "4 out ! ! ! .",
        ],
        "6 as expected, 3 not, 0 untold",
        "closed: 1 of 4 gates",
    )
}

/// One of the two may have had luck.
pub(crate) fn lossy(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["lose", "a", "b", "10"])?;
    let parts = ["FAIL mesh/loss: ", " of 29 echoes are lost at fd5e:a000::", "3 c + + .", "0 untold"];
    fleet.probe(&[], 1, &parts).map(drop)
}

pub(crate) fn slow(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["delay", "a", "b", "600ms"])?;
    told(
        fleet,
        &[
            "FAIL mesh/latency: 2 findings",
            "`b` answers `a` after 1.2s at fd5e:a000::3 expected at most 1.0s",
        ],
        "4 as expected, 2 not, 0 untold",
        // Large packets are slow as well, and pass.
        "mesh a: mesh::reach::a (1 finding)",
    )
}

/// Those who were signed for as well, and whose time is not over, go on being believed.
pub(crate) fn expired(fleet: &Fleet) -> Result<(), Failed> {
    fleet.probe(&[], 0, &["all 6 pairs asked; 6 as expected", "open as far as selected: 3 of 3 gates"])?;
    fleet.lab(&["expire", "b"])?;
    told(
        fleet,
        &[
            "FAIL mesh/host-key: 1 finding b `b` does not prove to be itself: the certificate of its host key has run out",
            "Certificate invalid: expired",
            "untold: `b` was not asked: the certificate of its host key has run out: 2 pairs",
        ],
        "4 as expected, 0 not, 2 untold",
        "closed: 1 of 3 gates",
    )
}

/// The others go on meeting each other without it, and nobody new meets them.
pub(crate) fn controller(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["stop", "a", "overlay"])?;
    told(
        fleet,
        &[
            "FAIL mesh/zerotier: 1 finding a ZeroTier does not answer on `a`, the network's controller: \
             those who are in it still meet, and nobody is let in or put out",
            "FAIL mesh/no-address: 1 finding a `a` does not have its address fd",
            "b -> a must reach: `b` does not reach `a` at fd",
            "`a` does not have this address",
            "2 b X . + 3 c X + .",
        ],
        "2 as expected, 4 not, 0 untold",
        "closed: 3 of 3 gates",
    )
}
