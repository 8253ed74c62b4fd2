# The facts of a machine, as functions of the value that stands in nixosConfigurations, darwinConfigurations or
# homeConfigurations. A fact that the configuration does not have is null. Nothing here names a path without making it a
# string first, because a path would be copied into the store.
let
  inherit (builtins) any attrNames attrValues concatLists concatMap filter groupBy hashString head intersectAttrs isAttrs isBool isList
    isPath isString length mapAttrs split stringLength tail toJSON tryEval unsafeDiscardStringContext zipAttrsWith;

  text = value:
    if isString value then unsafeDiscardStringContext value
    else if value == null then null
    else if isPath value || isAttrs value then unsafeDiscardStringContext (toString value)
    else toString value;

  texts = value: map text (if isList value then value else [ ]);

  # What a set of options holds; nothing where there is none.
  each = value: show: if isAttrs value then mapAttrs (_: show) value else null;

  drvPath = value: if value == null then null else text value.drvPath;

  platform = machine:
    let host = machine.config.nixpkgs.hostPlatform or null; in
    if isString host then host
    else if isAttrs host && host ? system then text host.system
    else text (machine.pkgs.stdenv.hostPlatform.system or machine.pkgs.system or machine.config.nixpkgs.system or null);

  # nixpkgs made a set of the list in 23.11.
  enabled = value:
    if isAttrs value then filter (name: value.${name} == true) (attrNames value)
    else if isList value then map text value
    else null;

  soft = value: let attempt = tryEval value; in if attempt.success then attempt.value else null;

  keys = account: let keys = account.openssh.authorizedKeys or { }; in
    length (keys.keys or [ ]) + length (keys.keyFiles or [ ]);

  zerotier = config:
    let
      service = config.services.zerotierone or null;
      clan = config.clan.core.networking.zerotier or null;
    in
    if service == null && clan == null then null
    else {
      enable = service.enable or false;
      joinNetworks = texts (service.joinNetworks or [ ]);
      # Newer releases of clan have removed these options: asking for one throws.
      controller = soft (clan.controller.enable or false) == true;
      networkId = soft (text (clan.networkId or null));
    };

  # An interface of either kind: `wireguard.interfaces` has `ips`, `wg-quick.interfaces` has `address`.
  tunnel = interface: {
    ips = texts (interface.ips or interface.address or [ ]);
    listenPort = interface.listenPort or null;
    privateKeyFile = text (interface.privateKeyFile or null);
    peers = map (peer: {
      publicKey = text (peer.publicKey or null);
      allowedIPs = texts (peer.allowedIPs or [ ]);
      endpoint = text (peer.endpoint or null);
      presharedKeyFile = text (peer.presharedKeyFile or null);
    }) (interface.peers or [ ]);
  };

  # By address the names in text of the form of /etc/hosts. What is longer than this is somebody's list of what is not to be
  # found, and names nobody's machines.
  lines = hosts:
    let
      pieces = pattern: value: filter (piece: isString piece && piece != "") (split pattern value);
      words = line: pieces "[[:space:]]+" (head (split "#" line));
    in
    if stringLength hosts > 65536 then { }
    else mapAttrs (_: concatMap tail) (groupBy head (filter (words: words != [ ]) (map words (pieces "\n" hosts))));

  known = { avahi = null; fail2ban = null; nginx = null; openssh = null; resolved = null; tailscale = null; zerotierone = null; };

  generator = generator: {
    share = generator.share or false;
    dependencies = texts (generator.dependencies or [ ]);
    validationHash =
      let validation = generator.validation or null; in
      if validation == null then null else hashString "sha256" (toJSON validation);
    files = each (generator.files or { }) (file: {
      secret = file.secret or true;
      deploy = file.deploy or true;
      owner = text (file.owner or null);
      group = text (file.group or null);
      mode = text (file.mode or null);
      neededFor = text (file.neededFor or null);
      path = soft (text (file.path or null));
    });
    prompts = each (generator.prompts or { }) (prompt: {
      type = text (prompt.type or null);
      persist = prompt.persist or false;
    });
  };

  # As sops-nix puts it in place: what is needed for users is root's, since there are no others then.
  sopsSecret = secret:
    let
      users = secret.neededForUsers or false;
      account = name: number:
        if users then "root" else if name != null then text name else if number == 0 then "root" else null;
    in
    {
      path = text (secret.path or null);
      owner = account (secret.owner or null) (secret.uid or 0);
      group = account (secret.group or null) (secret.gid or 0);
      mode = text (secret.mode or null);
      format = text (secret.format or null);
      key = text (secret.key or null);
      sopsFile = soft (text (secret.sopsFile or null));
      neededForUsers = users;
    };
in
{
  hostName = machine: text (machine.config.networking.hostName or null);

  system = platform;

  toplevel = machine:
    if ! (isAttrs machine && (machine ? config || machine ? system || machine ? activationPackage)) then
      throw "it is no configuration: it has no `config`, as what `nixosSystem` gives has"
    else drvPath (machine.config.system.build.toplevel or machine.system or machine.activationPackage or null);

  # What can be extended becomes a guest by itself, and nobody has to evaluate nixpkgs' virtual machine of it.
  boots = machine:
    if isAttrs machine && machine ? extendModules then "configuration"
    else drvPath (machine.config.system.build.vm or null);

  stateVersion = machine: text (machine.config.system.stateVersion or machine.config.home.stateVersion or null);

  hostId = machine: text (machine.config.networking.hostId or null);

  supportedFilesystems = machine: enabled (machine.config.boot.supportedFilesystems or null);

  fileSystems = machine: each (machine.config.fileSystems or null) (system: {
    device = text (system.device or null);
    fsType = text (system.fsType or null);
    neededForBoot = system.neededForBoot or false;
  });

  bootLoader = machine:
    let loader = machine.config.boot.loader or null; in
    if loader == null then null
    else {
      grub = loader.grub.enable or false;
      systemdBoot = loader.systemd-boot.enable or false;
      # Any other loader that NixOS knows or a module adds; one that was removed from nixpkgs throws.
      other = any (name: soft (loader.${name}.enable or false) == true)
        (filter (name: name != "grub" && name != "systemd-boot" && name != "efi") (attrNames loader))
        || machine.config.boot.lanzaboote.enable or false || machine.config.boot.isContainer or false;
    };

  users = machine: each (machine.config.users.users or null) (account: {
    uid = account.uid or null;
    isNormalUser = account.isNormalUser or false;
    isSystemUser = account.isSystemUser or false;
    group = text (account.group or null);
    extraGroups = texts (account.extraGroups or [ ]);
    authorizedKeys = keys account;
  });

  groups = machine: each (machine.config.users.groups or null) (group: { gid = group.gid or null; });

  sshd = machine:
    let
      sshd = machine.config.services.openssh or null;
      root = sshd.settings.PermitRootLogin or sshd.permitRootLogin or null;
    in
    if sshd == null then null
    else {
      enable = if isBool (sshd.enable or null) then sshd.enable else false;
      ports = sshd.ports or [ 22 ];
      listenAddresses = map (at: { addr = text (at.addr or null); port = at.port or null; }) (sshd.listenAddresses or [ ]);
      permitRootLogin = text root;
    };

  firewall = machine:
    let
      firewall = machine.config.networking.firewall or null;
      ranges = map (range: { inherit (range) from to; });
      open = rules: {
        allowedTCPPorts = rules.allowedTCPPorts or [ ];
        allowedTCPPortRanges = ranges (rules.allowedTCPPortRanges or [ ]);
        allowedUDPPorts = rules.allowedUDPPorts or [ ];
        allowedUDPPortRanges = ranges (rules.allowedUDPPortRanges or [ ]);
      };
    in
    if firewall == null || ! firewall ? allowedTCPPorts then null
    else open firewall // {
      enable = firewall.enable or false;
      allowPing = firewall.allowPing or true;
      interfaces = each (firewall.interfaces or { }) open;
      trustedInterfaces = texts (firewall.trustedInterfaces or [ ]);
    };

  generators = machine: each (machine.config.clan.core.vars.generators or null) generator;

  sopsSecrets = machine: each (machine.config.sops.secrets or null) sopsSecret;

  zerotier = machine: zerotier (machine.config or { });

  wireguard = machine:
    let
      own = machine.config.networking.wireguard.interfaces or null;
      quick = machine.config.networking.wg-quick.interfaces or null;
    in
    if own == null && quick == null then null
    else mapAttrs (_: tunnel) ((if quick == null then { } else quick) // (if own == null then { } else own));

  yggdrasil = machine:
    let
      service = machine.config.services.yggdrasil or null;
      settings = service.settings or { };
    in
    if service == null then null
    else {
      enable = service.enable or false;
      interface = text (settings.IfName or null);
      peers = texts (settings.Peers or [ ]) ++ concatMap texts (attrValues (settings.InterfacePeers or { }));
    };

  forwarding = machine:
    let
      sysctl = machine.config.boot.kernel.sysctl or null;
      on = any (name: text (sysctl.${name} or null) == "1");
    in
    if sysctl == null then null
    else {
      ipv4 = on [ "net.ipv4.ip_forward" "net.ipv4.conf.all.forwarding" ];
      ipv6 = on [ "net.ipv6.conf.all.forwarding" ];
    };

  hosts = machine:
    let
      set = machine.config.networking.hosts or null;
      more = machine.config.networking.extraHosts or null;
    in
    if set == null && more == null then null
    else zipAttrsWith (_: concatLists) [
      (if isAttrs set then mapAttrs (_: texts) set else { })
      (if more == null then { } else lines (text more))
    ];

  services = machine: each (intersectAttrs known (machine.config.services or { })) (service: service.enable or false);
}
