# What an inventory comes to, told in plain Nix: clan's rules, and those of the module system for options without a type.
# In: a list of inventories as JSON text. Out: for each, its machines, roles and conflicts, shaped like the facts document.
# Sources of the rules: clan-core modules/inventoryClass and modules/clan, nixpkgs lib/modules.nix.
{ inventories }:
let
  inherit (builtins)
    all
    attrNames
    attrValues
    concatLists
    concatMap
    elem
    filter
    foldl'
    head
    isAttrs
    isList
    listToAttrs
    map
    mapAttrs
    removeAttrs
    sort
    ;
  genAttrs = names: make: listToAttrs (map (name: { inherit name; value = make name; }) names);
  unique = foldl' (seen: x: if elem x seen then seen else seen ++ [ x ]) [ ];
  sorted = sort (a: b: a < b);
  reversed = foldl' (done: x: [ x ] ++ done) [ ];
  least = foldl' (a: b: if b < a then b else a) 1000000;

  # Properties.
  kind = value: value._type or null;
  discharge =
    value:
    if kind value == "merge" then
      concatMap discharge value.contents
    else if kind value == "if" then
      if value.condition then discharge value.content else [ ]
    else
      [ (ordered (weighed value)) ];
  weighed =
    value:
    if kind value == "override" then
      { inherit (value) priority; value = value.content; }
    else
      { priority = 100; inherit value; };
  ordered =
    { priority, value }:
    if kind value == "order" then
      { inherit priority; order = value.priority; value = value.content; }
    else
      { inherit priority value; order = 1000; };
  strongest =
    definitions:
    let
      all = concatMap discharge definitions;
      priority = least (map (d: d.priority) all);
    in
    map (d: d.value) (sort (a: b: a.order < b.order) (filter (d: d.priority == priority) all));

  # An option: { values = [] or [ one ]; conflicts = [ path ]; }
  option =
    path: definitions:
    let
      left = strongest definitions;
      elements = map (element: option path [ element ]) (concatLists left);
      first = option path [ (head left) ];
    in
    if left == [ ] then
      { values = [ ]; conflicts = [ ]; }
    else if all isAttrs left then
      let merged = options path left; in { values = [ merged.value ]; inherit (merged) conflicts; }
    else if all isList left then
      { values = [ (concatMap (e: e.values) elements) ]; conflicts = concatMap (e: e.conflicts) elements; }
    else if !(isAttrs (head left)) && !(isList (head left)) && all (value: value == head left) left then
      { values = [ (head left) ]; conflicts = [ ]; }
    else
      { inherit (first) values; conflicts = [ path ] ++ first.conflicts; };
  options =
    path: definitions:
    let
      names = unique (concatMap attrNames definitions);
      made = genAttrs names (
        name: option (path ++ [ name ]) (concatMap (d: if d ? ${name} then [ d.${name} ] else [ ]) definitions)
      );
      kept = filter (name: made.${name}.values != [ ]) names;
    in
    {
      value = genAttrs kept (name: head made.${name}.values);
      conflicts = concatMap (name: made.${name}.conflicts) (sorted names);
    };
  body = module: module.config or (removeAttrs module [ "_class" "_file" "disabledModules" "freeformType" "imports" "key" "require" ]);
  merged = modules: options [ ] (map body (concatMap (m: map (d: d.value) (discharge m)) modules));

  resolve =
    inventory:
    let
      inherit (inventory) machines instances;
      ofClass = class: filter (name: machines.${name}.machineClass == class) (attrNames machines);
      tags = { all = attrNames machines; nixos = ofClass "nixos"; darwin = ofClass "darwin"; } // inventory.tags;
      tagsOf = name: if machines ? ${name} then
        unique (machines.${name}.tags ++ filter (tag: elem name tags.${tag}) (attrNames tags))
      else [ ];
      members = role: unique (
        attrNames role.machines
        ++ filter (name: builtins.any (tag: elem tag (tagsOf name)) (attrNames role.tags)) (attrNames machines)
      );
      # Modules merge from the last to the first: the role, then the machine, then its tags.
      settings = role: name: merged (
        map (tag: role.tags.${tag}.settings or { }) (reversed (filter (tag: elem tag (tagsOf name)) (attrNames role.tags)))
        ++ [ (role.machines.${name}.settings or { }) (role.settings or { }) ]
      );
      each = f: concatLists (attrValues (mapAttrs (i: instance: concatLists (attrValues (mapAttrs (r: f i r) instance.roles))) instances));
      plays = name: mapAttrs (_: instance: listToAttrs (
        concatMap (r: if elem name (members instance.roles.${r}) then
          [ { name = r; value = (settings instance.roles.${r} name).value; } ]
        else [ ]) (attrNames instance.roles)
      )) instances;
      nonEmpty = set: removeAttrs set (filter (name: set.${name} == { }) (attrNames set));
    in
    {
      machines = mapAttrs (name: machine: {
        class = machine.machineClass;
        tags = sorted (tagsOf name);
        roles = nonEmpty (plays name);
      }) machines;
      roles = mapAttrs (_: instance: mapAttrs (_: role: sorted (members role)) instance.roles) instances;
      conflicts = each (i: r: role: concatMap (machine:
        map (option: { inherit machine option; instance = i; role = r; }) (settings role machine).conflicts
      ) (sorted (members role)));
    };
in

map resolve (builtins.fromJSON inventories)
