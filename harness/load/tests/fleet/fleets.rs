//! Inventories made up at random: few names, so that they meet often; odd ones, so that quoting matters.

use model::{
    facts::Places,
    fleet::{Fleet, FleetSource},
    inventory::{Instance, Inventory, Member, Meta, Module, Role},
    machine::{Deploy, Machine, MachineClass, MachineName},
};
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
    sample::select,
};
use serde_json::{Map, Value, json};

/// A fleet with nothing but an inventory.
pub(crate) fn of_inventory(inventory: Inventory) -> Fleet {
    Fleet {
        source: FleetSource::FleetToml,
        inventory,
        trees: None,
        boot: Default::default(),
        asks: Vec::new(),
        exceptions: Vec::new(),
        promotion: None,
        waivers: Vec::new(),
        places: Places::default(),
    }
}

/// Any inventory that `fleet.toml` can state. Role members and tags are often of machines and tags that exist.
pub(crate) fn inventory() -> impl Strategy<Value = Inventory> {
    let machines = btree_map(machine_name(), machine(), 0..6);
    let tags = btree_map(tag(), btree_set(machine_name(), 0..4), 0..4);
    let instances = btree_map(select(vec!["net", "x/y"]).prop_map(str::to_owned), instance(), 0..3);
    (machines, tags, instances).prop_map(|(machines, tags, instances)| {
        let meta = Meta { name: Some("made-up".to_owned()), ..Meta::default() };
        Inventory { meta, machines, instances, tags }
    })
}

fn machine_name() -> impl Strategy<Value = MachineName> {
    select(vec!["a", "b", "c", "d", "e/f", "~g", "ü \"h\""]).prop_map(MachineName::from)
}

fn tag() -> impl Strategy<Value = String> {
    select(vec!["all", "nixos", "darwin", "web", "db", "z/1"]).prop_map(str::to_owned)
}

fn machine() -> impl Strategy<Value = Machine> {
    let class = select(vec![MachineClass::Nixos, MachineClass::Darwin]);
    let deploy = (option::of("[a-z@.]{0,9}"), option::of(any::<bool>()));
    let deploy = deploy.prop_map(|(target_host, forward_agent)| Deploy {
        target_host,
        build_host: None,
        forward_agent,
    });
    (class, btree_set(tag(), 0..4), deploy, option::of(any::<i64>())).prop_map(
        |(machine_class, tags, deploy, at)| Machine {
            description: None,
            icon: None,
            machine_class,
            installed_at: at,
            tags,
            deploy,
        },
    )
}

fn instance() -> impl Strategy<Value = Instance> {
    let module = (option::of("[a-z]{1,5}"), option::of("[a-z]{1,5}"));
    let module = module.prop_map(|(name, input)| Module { name, input });
    let roles = btree_map(select(vec!["server", "client"]).prop_map(str::to_owned), role(), 0..3);
    (module, roles, settings()).prop_map(|(module, roles, settings)| Instance { module, roles, settings })
}

fn role() -> impl Strategy<Value = Role> {
    let member = || settings().prop_map(|settings| Member { settings });
    (btree_map(machine_name(), member(), 0..4), btree_map(tag(), member(), 0..4), settings())
        .prop_map(|(machines, tags, settings)| Role { machines, tags, settings })
}

/// Nothing, an object, or, seldom, an object as a module writes it: `{ config = ...; }`.
fn settings() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(Value::Null),
        6 => object(value().boxed()),
        1 => object(value().boxed()).prop_map(|object| json!({ "config": object })),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        4 => (0..3).prop_map(Value::from),
        2 => select(vec![json!(true), json!("x"), json!("y"), json!(1.0), json!(0.5)]),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => object(inner.clone().boxed()),
            2 => vec(inner.clone(), 0..3).prop_map(Value::Array),
            2 => property(inner.boxed()),
        ]
    })
}

fn object(value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let fields = btree_map(select(vec!["k", "l", "m/n", "_file"]).prop_map(str::to_owned), value, 0..4);
    fields.prop_map(|fields| {
        // A module's `_file` must be text.
        let text =
            |(key, value): (String, Value)| if key == "_file" { (key, json!("f")) } else { (key, value) };
        Value::Object(fields.into_iter().map(text).collect::<Map<_, _>>())
    })
}

/// What `mkForce`, `mkDefault`, `mkIf`, `mkMerge`, `mkBefore` and so on write, in any order.
fn property(value: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let order = (select(vec![500, 1000, 1500]), value.clone()).prop_map(
        |(priority, content)| json!({ "_type": "order", "priority": priority, "content": content }),
    );
    let strong = (select(vec![50, 100, 1000]), value.clone()).prop_map(
        |(priority, content)| json!({ "_type": "override", "priority": priority, "content": content }),
    );
    let condition = (any::<bool>(), value.clone()).prop_map(
        |(condition, content)| json!({ "_type": "if", "condition": condition, "content": content }),
    );
    let many = vec(value, 0..3).prop_map(|contents| json!({ "_type": "merge", "contents": contents }));
    prop_oneof![order, strong, condition, many]
}
