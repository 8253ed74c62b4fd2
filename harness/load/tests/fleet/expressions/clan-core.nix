# What an inventory comes to, by clan's own modules, which are no part of this repository.
# In: the paths of a clan-core checkout and of nixpkgs' lib, and a list of inventories as JSON text.
# Out: for each, shaped like the facts document: its machines without their roles, its roles, and by instance, role and
# member the settings, or null where they conflict.
{ clanCore, nixpkgsLib, inventories }:
let
  lib = import nixpkgsLib;
  clanLib = import "${clanCore}/lib" { inherit lib; };
  inherit (lib) mapAttrs mkOption types;

  # An option of which nothing is known: attribute sets merge, lists concatenate, all else must be equal.
  settings = lib.mkOptionType {
    name = "settings";
    merge =
      loc: defs:
      let values = map (def: def.value) defs; in
      if lib.all lib.isAttrs values then
        (types.attrsOf settings).merge loc defs
      else if lib.all lib.isList values then
        (types.listOf settings).merge loc defs
      else
        lib.options.mergeEqualOption loc defs;
  };
  interface = { freeformType = types.attrsOf settings; };
  module = {
    _class = "clan.service";
    manifest.name = "any";
    roles.server = { inherit interface; };
    roles.client = { inherit interface; };
  };

  raw = mkOption { type = types.raw; default = null; };
  evaluated =
    inventory:
    (lib.evalModules {
      class = "clan";
      specialArgs = { inherit clanLib; clan-core.clan.modules = { }; };
      modules = [
        "${clanCore}/modules/clan/distributed-services.nix"
        "${clanCore}/modules/clan/computed-tags.nix"
        {
          options = {
            inventory = mkOption { type = types.submoduleWith { modules = [ clanLib.inventory.inventoryModule ]; }; };
            clanInternals = raw;
            exports = raw;
            exportInterfaces = raw;
            directory = raw;
            varsDirectory = raw;
            self = raw;
          };
          config = {
            self.inputs.self.clan.modules.any = module;
            inventory = inventory // {
              instances = mapAttrs (_: instance: instance // { module = { name = "any"; input = "self"; }; }) inventory.instances;
            };
          };
        }
      ];
    }).config;

  # `tryEval` tells failures apart from values; only a conflict can fail here.
  orNull =
    settings:
    let
      value = removeAttrs settings [ "_module" ];
      tried = builtins.tryEval (builtins.deepSeq value value);
    in
    if tried.success then tried.value else null;

  resolve =
    inventory:
    let
      config = evaluated inventory;
      instances = config._services.allServices.self-any.instances or { };
    in
    {
      machines = mapAttrs (_: machine: {
        class = machine.machineClass;
        tags = lib.sort lib.lessThan machine.tags;
      }) config.inventory.machines;
      roles = mapAttrs (_: instance: mapAttrs (_: role: lib.attrNames role.machines) instance.roles) instances;
      settings = mapAttrs (
        _: instance: mapAttrs (_: role: mapAttrs (_: member: orNull member.finalSettings.config) role.machines) instance.roles
      ) instances;
    };
in
map resolve (builtins.fromJSON inventories)
