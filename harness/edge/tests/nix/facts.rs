//! The facts of machines, against a real nix.

use model::{
    machine::{MachineClass, MachineName},
    survey::NixError,
};
use serde_json::{Value, json};

use super::{
    fixture::Project,
    survey::{machine, survey},
};

/// A flake whose machines are plain values of the form that the module systems give.
const FLEET: &str = r#"{
    nixosConfigurations = {
        cinnabar = {
            config = {
                networking = {
                    hostName = "cinnabar"; hostId = "8425e349";
                    hosts = { "127.0.0.2" = [ "cinnabar" ]; "fd00::2" = [ "galena.mesh" ]; };
                    extraHosts = " # theirs\nfd00::2 galena\t galena.lan # ours\n\n fd00::3 umber\nfd00::3 umber.lan";
                    firewall = { enable = true; allowPing = false; allowedTCPPorts = [ 22 80 ]; allowedTCPPortRanges = [ { from = 1; to = 2; more = 3; } ]; allowedUDPPorts = [ 51820 ]; interfaces.lan.allowedTCPPorts = [ 53 ]; trustedInterfaces = [ "zt+" ]; };
                    wireguard.interfaces.wg = { ips = [ "10.0.0.1/24" ]; listenPort = 51820; privateKey = throw "secret"; privateKeyFile = "/run/key"; peers = [ { publicKey = "key="; allowedIPs = [ "10.0.0.2/32" ]; presharedKey = throw "secret"; presharedKeyFile = "/run/shared"; } ]; };
                    wg-quick.interfaces.quick = { address = [ "fd00::1/64" ]; peers = [ { publicKey = "other="; allowedIPs = [ "::/0" ]; endpoint = "example.org:51820"; } ]; };
                };
                nixpkgs.hostPlatform.system = "x86_64-linux";
                system.stateVersion = "25.05";
                system.build.toplevel = derivation { name = "toplevel"; system = "x86_64-linux"; builder = "/bin/sh"; };
                boot.supportedFilesystems = { zfs = true; ext4 = false; };
                boot.kernel.sysctl = { "net.ipv4.ip_forward" = false; "net.ipv6.conf.all.forwarding" = 1; "net.core.rmem_max" = 1000; };
                boot.loader = { grub.enable = false; systemd-boot.enable = true; };
                fileSystems."/" = { device = ./flake.nix; fsType = "zfs"; neededForBoot = true; };
                users.users.admin = { uid = 1000; isNormalUser = true; group = "users"; extraGroups = [ "wheel" ]; openssh.authorizedKeys.keys = [ "a" "b" ]; };
                users.groups.users.gid = 100;
                services.openssh = { enable = true; ports = [ 2222 ]; listenAddresses = [ { addr = "10.0.0.1"; port = 22; } { addr = "::1"; } ]; settings.PermitRootLogin = "no"; };
                services.yggdrasil = { enable = true; settings = { IfName = "ygg"; Peers = [ "tcp://a:1" ]; InterfacePeers.eth0 = [ "tls://b:2" ]; PrivateKey = throw "secret"; }; };
                services.zerotierone = { enable = true; joinNetworks = [ "aaaa" ]; };
                clan.core.networking.zerotier = { networkId = throw "removed"; controller.enable = throw "removed"; };
                clan.core.vars.generators.key = {
                    share = true; dependencies = [ "ca" ]; validation = { a = 1; };
                    files.id = { secret = true; deploy = true; owner = "root"; group = "root"; mode = "0400"; neededFor = "services"; path = throw "not deployed"; };
                    prompts.password = { type = "hidden"; persist = false; };
                };
            };
        };
        "od\"d name" = { config.networking.hostName = "odd"; };
    };
    darwinConfigurations.stibnite = {
        system = derivation { name = "darwin"; system = "aarch64-darwin"; builder = "/bin/sh"; };
        config = { networking.hostName = "stibnite"; nixpkgs.hostPlatform = "aarch64-darwin"; system.stateVersion = 6; services.openssh.enable = null; };
    };
    homeConfigurations."me@host" = {
        activationPackage = derivation { name = "home"; system = "x86_64-linux"; builder = "/bin/sh"; };
        pkgs.stdenv.hostPlatform.system = "x86_64-linux";
        config.home.stateVersion = "25.05";
    };
}"#;

#[tokio::test]
async fn machines_tell_their_facts() {
    let survey = survey(&Project::flake(FLEET)).await;
    assert_eq!(survey.outputs, ["darwinConfigurations", "homeConfigurations", "nixosConfigurations"]);
    assert!(survey.system.contains('-') && survey.nix.starts_with("2."), "{survey:?}");
    let names: Vec<&str> = survey.machines.keys().map(MachineName::as_str).collect();
    assert_eq!(names, ["cinnabar", "me@host", "od\"d name", "stibnite"]);
    for (name, machine) in &survey.machines {
        assert!(machine.errors.is_empty(), "{name}: {:?}", machine.errors);
        assert_eq!(machine.facts.len(), 21, "{name}");
    }
    let mut cinnabar = serde_json::to_value(&machine(&survey, "cinnabar").facts).unwrap();
    for path in ["/fileSystems/~1/device", "/toplevel"] {
        let text = cinnabar.pointer_mut(path).unwrap();
        assert!(text.as_str().unwrap().starts_with("/nix/store/"), "{path}: {text}");
        *text = json!("/nix/store/...");
    }
    let expected = json!({
        "hostName": "cinnabar", "hostId": "8425e349", "system": "x86_64-linux", "stateVersion": "25.05",
        "toplevel": "/nix/store/...", "boots": null,
        "supportedFilesystems": ["zfs"],
        "bootLoader": {"grub": false, "systemdBoot": true, "other": false},
        "fileSystems": {"/": {"device": "/nix/store/...", "fsType": "zfs", "neededForBoot": true}},
        "users": {"admin": {"uid": 1000, "isNormalUser": true, "isSystemUser": false, "group": "users", "extraGroups": ["wheel"], "authorizedKeys": 2}},
        "groups": {"users": {"gid": 100}},
        "sshd": {"enable": true, "ports": [2222], "listenAddresses": [{"addr": "10.0.0.1", "port": 22}, {"addr": "::1", "port": null}], "permitRootLogin": "no"},
        "firewall": {
            "enable": true, "allowPing": false, "trustedInterfaces": ["zt+"],
            "allowedTCPPorts": [22, 80], "allowedTCPPortRanges": [{"from": 1, "to": 2}], "allowedUDPPorts": [51820], "allowedUDPPortRanges": [],
            "interfaces": {"lan": {"allowedTCPPorts": [53], "allowedTCPPortRanges": [], "allowedUDPPorts": [], "allowedUDPPortRanges": []}},
        },
        "wireguard": {
            "wg": {"ips": ["10.0.0.1/24"], "listenPort": 51820, "privateKeyFile": "/run/key", "peers": [{"publicKey": "key=", "allowedIPs": ["10.0.0.2/32"], "endpoint": null, "presharedKeyFile": "/run/shared"}]},
            "quick": {"ips": ["fd00::1/64"], "listenPort": null, "privateKeyFile": null, "peers": [{"publicKey": "other=", "allowedIPs": ["::/0"], "endpoint": "example.org:51820", "presharedKeyFile": null}]},
        },
        "yggdrasil": {"enable": true, "interface": "ygg", "peers": ["tcp://a:1", "tls://b:2"]},
        "forwarding": {"ipv4": false, "ipv6": true},
        "hosts": {"127.0.0.2": ["cinnabar"], "fd00::2": ["galena.mesh", "galena", "galena.lan"], "fd00::3": ["umber", "umber.lan"]},
        "zerotier": {"enable": true, "joinNetworks": ["aaaa"], "controller": false, "networkId": null},
        "services": {"openssh": true, "zerotierone": true},
        "sopsSecrets": null,
        "generators": {"key": {
            "share": true, "dependencies": ["ca"],
            // sha256 of {"a":1}
            "validationHash": "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
            "files": {"id": {"secret": true, "deploy": true, "owner": "root", "group": "root", "mode": "0400", "neededFor": "services", "path": null}},
            "prompts": {"password": {"type": "hidden", "persist": false}},
        }},
    });
    assert_eq!(cinnabar, expected);
}

#[tokio::test]
async fn each_class_has_its_own_shape_and_what_is_not_there_is_null() {
    let survey = survey(&Project::flake(FLEET)).await;
    let fact = |name: &str, fact: &str| machine(&survey, name).facts.get(fact).unwrap().clone();
    let stibnite = machine(&survey, "stibnite");
    assert_eq!(stibnite.class, MachineClass::Darwin);
    assert_eq!(fact("stibnite", "system"), "aarch64-darwin");
    assert_eq!(fact("stibnite", "stateVersion"), "6");
    assert_eq!(fact("stibnite", "sshd")["enable"], false);
    assert!(fact("stibnite", "toplevel").as_str().unwrap().ends_with("-darwin.drv"));
    assert_eq!(machine(&survey, "me@host").class, MachineClass::Home);
    assert!(fact("me@host", "toplevel").as_str().unwrap().ends_with("-home.drv"));
    assert_eq!(fact("me@host", "system"), "x86_64-linux");
    for absent in [
        "hostName",
        "fileSystems",
        "users",
        "firewall",
        "generators",
        "sshd",
        "bootLoader",
        "zerotier",
        "wireguard",
        "yggdrasil",
        "forwarding",
        "hosts",
    ] {
        assert_eq!(fact("me@host", absent), Value::Null, "{absent}");
    }
}

#[tokio::test]
async fn each_fact_fails_alone() {
    let project = Project::flake(
        r#"{ nixosConfigurations = {
            good.config.networking.hostName = "good";
            throws = throw "not built";
            partly.config = {
                networking.hostName = "partly";
                networking.hostId = throw "no id";
                users.users = abort "no users";
                boot.supportedFilesystems = let x = x; in x;
                fileSystems."/".device = 1 + "a";
                services.openssh.ports = let f = x: 1 + f (x + 1); in f 0;
                system.build.toplevel = assert false; 1;
            };
        }; }"#,
    );
    let survey = survey(&project).await;
    let good = machine(&survey, "good");
    assert!(good.errors.is_empty() && good.facts["hostName"] == "good");
    let throws = machine(&survey, "throws");
    assert_eq!((throws.facts.len(), throws.errors.len()), (0, 21));
    assert_eq!(throws.errors["hostName"].message, "not built");
    let partly = machine(&survey, "partly");
    let classes: Vec<(&str, &str)> =
        partly.errors.iter().map(|(fact, error)| (fact.as_str(), error.class.as_str())).collect();
    assert_eq!(
        classes,
        [
            ("fileSystems", "EvalError"),
            ("hostId", "ThrownError"),
            ("sshd", "Error"),
            ("supportedFilesystems", "EvalError"),
            ("toplevel", "AssertionError"),
            ("users", "Abort"),
        ]
    );
    assert_eq!(partly.facts["hostName"], "partly");
    let NixError { file, line, column, .. } = &partly.errors["hostId"];
    assert_eq!((file.as_deref(), *line, *column), (Some("flake.nix"), Some(7), Some(37)));
}
