//! Over a Yggdrasil mesh: whom a chain of peerings joins.

use serde_json::json;

use super::sample::{Sample, told};

fn sample() -> Sample {
    Sample::of(&["a", "b", "c", "d", "out"])
        .yggdrasil("ygg", "a", "200::a", &["tcp://b.clan:6443"])
        .yggdrasil("ygg", "b", "200::b", &[])
        .yggdrasil("ygg", "c", "200::c", &["tls://public.example:1"])
        .yggdrasil("ygg", "d", "200::d", &["quic://public.example:2"])
}

#[test]
fn members_that_a_chain_of_peerings_joins_must_reach_each_other() {
    let matrix = sample().matrix();
    assert_eq!(told(&matrix, "a", "b"), "must reach: both are members");
    assert_eq!(told(&matrix, "b", "a"), "must reach: both are members");
    assert_eq!(told(&matrix, "c", "d"), "must reach: both are members", "by one stranger");
    assert_eq!(told(&matrix, "a", "c"), "unknown: no chain of peerings that is known joins them");
    assert_eq!(told(&matrix, "out", "a"), "must not reach: `out` is no member");
    let chained = sample().yggdrasil("ygg", "b", "200::b", &["tcp://[200::c]:6443"]).matrix();
    assert_eq!(told(&chained, "a", "d"), "must reach: both are members");
}

#[test]
fn a_member_that_does_not_run_it_joins_nobody() {
    let off = json!({"enable": false, "peers": []});
    let matrix =
        sample().yggdrasil("ygg", "c", "200::c", &["tcp://b.clan:1"]).fact("b", "yggdrasil", off).matrix();
    assert_eq!(told(&matrix, "a", "b"), "must not reach: `b` does not run Yggdrasil");
    assert_eq!(told(&matrix, "a", "c"), "unknown: no chain of peerings that is known joins them");
}
