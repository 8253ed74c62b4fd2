# What seaworthy asks an evaluator, as functions. One evaluator defines them once and then gets lines such as
#
#     sw.run sw.judge tests.network [ [ 0 "testAddress" ] [ 1 "testRoute" ] ]
#
# Answers leave through builtins.trace, one message each: NONCE VERB NUMBER KIND TEXT, where VERB is `note`, or `done` for
# the last answer to case NUMBER. An error that nothing can catch ends the line; the reader sees which case was open.
#
# Written for Nix 2.18. Comments stand on lines of their own, because the file is sent as one line without them.
nonce: facts:
let
  inherit (builtins)
    attrNames concatMap concatStringsSep deepSeq elemAt filter foldl' genList
    isAttrs isFunction isList isString length mapAttrs replaceStrings seq stringLength substring toJSON trace tryEval typeOf
    unsafeGetAttrPos;

  say = verb: number: kind: text: trace "${nonce} ${verb} ${toString number} ${kind} ${text}";
  note = say "note";
  done = number: kind: text: say "done" number kind text null;

  # Runs cases in order. Each case is [ NUMBER argument... ].
  run = ask: subject: foldl' (_: case: ask subject (elemAt case 0) (elemAt case 1)) null;

  # ---- Test trees, by nix-unit's semantics ----

  isTest = name: substring 0 4 name == "test";

  holds = condition: let attempt = tryEval condition; in attempt.success && attempt.value;

  isDerivation = value: holds ((value.type or null) == "derivation");

  # The tests below a set, level by level, forcing each attribute apart from its siblings. An attribute that throws is
  # listed, to be asked for by itself. Anything worse ends the line, and the reader descends by itself.
  walk = root: number: _:
    let
      most = 100000;
      deepest = 32;
      look = node: concatMap (name: visit (node.path ++ [ name ]) name node.set) (attrNames node.set);
      visit = path: name: set:
        if isTest name then [ { kind = "test"; inherit path; } ]
        else
          let attempt = tryEval set.${name}; in
          if ! attempt.success then [ { kind = "throws"; inherit path; } ]
          else if ! isAttrs attempt.value || isDerivation attempt.value then [ ]
          else [ { kind = "set"; inherit path; set = attempt.value; } ];
      level = depth: seen: nodes:
        let
          found = concatMap look nodes;
          sets = filter (entry: entry.kind == "set") found;
          rest = filter (entry: entry.kind != "set") found;
          total = seen + length found;
        in
        if sets == [ ] then rest
        else if total > most then rest ++ [ { kind = "endless"; path = (elemAt sets 0).path; } ]
        else if depth == deepest then rest ++ map (entry: { kind = "endless"; inherit (entry) path; }) sets
        else rest ++ level (depth + 1) total sets;
      entries = level 1 0 [ { path = [ ]; set = asSet root; } ];
    in
    done number "walked" (toJSON (map (entry: { inherit (entry) kind path; }) entries));

  # The names directly below a set, which errors call by its label.
  names = root: number: label:
    if isAttrs root then done number "names" (toJSON (attrNames root))
    else throw "${if label == null then "it" else "`${label}`"} must be a set, not ${article (typeOf root)}";

  # nix-unit's own words for a tree, or a test, that is no set.
  asSet = value:
    if isAttrs value then value
    else throw "expected a set of tests but found ${
      { list = "a list"; lambda = "a function"; int = "an integer"; null = "null"; }.${typeOf value} or "a ${typeOf value}"
    }";

  judge = parent: number: name:
    let
      position = unsafeGetAttrPos name parent;
      place =
        if position == null then ""
        else "${toString position.line} ${toString (position.column or 0)} ${toString position.file}";
      test = parent.${name};
    in
    note number "at" place (
      if ! isAttrs test then done number "shape" "the test is no set but ${article (typeOf test)}"
      else if ! test ? expr then done number "shape" "the test has no `expr`"
      else if test ? expected then compare number test.expr test.expected
      else if test ? expectedError then failing number test.expr test.expectedError
      else done number "shape" "the test has neither `expected` nor `expectedError`"
    );

  article = type:
    if type == "null" then type
    else if type == "lambda" then "a function"
    else if type == "int" then "an integer"
    else "a ${type}";

  compare = number: expr: expected:
    let
      equal = deepSeq expr (deepSeq expected (expr == expected));
      attempt = tryEval equal;
    in
    if ! attempt.success then note number "caught" "" (seq equal null)
    else if attempt.value then done number "pass" ""
    else note number "expected" (show expected expr) (note number "actual" (show expr expected) (done number "differ" ""));

  failing = number: expr: expectedError:
    let
      type = expectedError.type or "";
      msg = expectedError.msg or "";
      forced = deepSeq expr null;
      attempt = tryEval forced;
    in
    if ! isAttrs expectedError then done number "shape" "`expectedError` is no set"
    else if ! isString type then done number "shape" "`expectedError.type` is no string"
    else if ! isString msg then done number "shape" "`expectedError.msg` is no string"
    else if type == "" && msg == "" then done number "shape" "`expectedError` has neither `type` nor `msg`"
    else note number "type" type (note number "msg" msg (
      if attempt.success then note number "actual" (show expr null) (done number "calm" "")
      else note number "caught" "" forced
    ));

  # ---- Showing a value as text ----

  # Shows a value in Nix's own syntax, over several lines, whatever it holds: no path is copied, no function called.
  # Should it come out too long, parts that are equal in `twin` are left out.
  show = value: twin:
    let
      whole = paint { prune = false; indent = ""; depth = 0; } 800 true twin value;
      pruned = paint { prune = true; indent = ""; depth = 0; } 2000 true twin value;
    in
    if whole.left > 0 then whole.text else pruned.text;

  # Returns the text and what is left of the budget.
  paint = how: budget: hasTwin: twin: value:
    let
      type = typeOf value;
      leaf = text: { inherit text; left = budget - 1 - stringLength text / 40; };
      inner = how // { indent = how.indent + "  "; depth = how.depth + 1; };
    in
    if budget <= 0 then { text = "..."; left = budget; }
    else if type == "string" then leaf (paintString inner hasTwin twin value)
    else if type == "lambda" then leaf "«function»"
    else if type == "path" then leaf (toString value)
    else if type == "null" then leaf "null"
    else if type == "bool" then leaf (if value then "true" else "false")
    else if type == "float" then leaf (toJSON value)
    else if type == "set" then
      if isDerivation value then leaf "«derivation ${paintName value}»"
      else if value == { } then leaf "{ }"
      else if how.depth >= 16 then leaf "{ ... }"
      else
        paintAll how budget "{" "}" (attrNames value) (name: {
          label = "${key name} = ";
          end = ";";
          value = value.${name};
          hasTwin = hasTwin && isAttrs twin && twin ? ${name};
          twin = twin.${name};
        }) inner
    else if type == "list" then
      if value == [ ] then leaf "[ ]"
      else if how.depth >= 16 then leaf "[ ... ]"
      else
        paintAll how budget "[" "]" (genList (index: index) (length value)) (index: {
          label = "";
          end = "";
          value = elemAt value index;
          hasTwin = hasTwin && isList twin && index < length twin;
          twin = elemAt twin index;
        }) inner
    else leaf (toString value);

  paintAll = how: budget: open: close: keys: child: inner:
    let
      step = state: index:
        let
          part = child index;
          same = how.prune && part.hasTwin && part.value == part.twin;
          painted = paint inner state.left part.hasTwin part.twin part.value;
        in
        if state.left <= 0 then count "cut" state
        else if same then count "same" state
        else state // {
          lines = state.lines ++ [ "${inner.indent}${part.label}${painted.text}${part.end}" ];
          inherit (painted) left;
        };
      end = foldl' step { lines = [ ]; left = budget - 1; same = 0; cut = 0; } keys;
      remarks =
        (if end.same > 0 then [ "${inner.indent}# ${toString end.same} more, equal on both sides" ] else [ ])
        ++ (if end.cut > 0 then [ "${inner.indent}# ${toString end.cut} more" ] else [ ]);
    in
    {
      text = concatStringsSep "\n" ([ open ] ++ end.lines ++ remarks ++ [ "${how.indent}${close}" ]);
      inherit (end) left;
    };

  # Counts one more, at once: a hundred thousand sums in waiting would overflow the stack.
  count = name: state: let more = state.${name} + 1; in seq more (state // { ${name} = more; });

  # A long string is shown from a little before the spot at which it differs from its twin.
  paintString = inner: hasTwin: twin: value:
    let
      longest = 6000;
      start = if hasTwin && isString twin then shared value twin 0 (stringLength value) else 0;
      from = if start > 200 then start - 200 else 0;
      part = substring from longest value;
      before = if from > 0 then "«${toString from} bytes»" else "";
      after = if stringLength value > from + longest then "«${toString (stringLength value - from - longest)} bytes»" else "";
    in
    if stringLength value <= longest then quote inner value else before + quote inner part + after;

  # How many bytes two strings start with in common, by halving.
  shared = a: b: low: high:
    if low >= high then low
    else
      let middle = (low + high + 1) / 2; in
      if substring 0 middle a == substring 0 middle b then shared a b middle high else shared a b low (middle - 1);

  # A string of several lines is shown over several lines.
  quote = inner: text:
    if replaceStrings [ "\n" ] [ "" ] text == text then string text
    else
      "''\n${inner.indent}"
      + replaceStrings [ "\n" "''" "\${" ] [ "\n${inner.indent}" "'''" "''\${" ] text
      + "''";

  string = text: "\"${replaceStrings [ "\\" "\"" "\${" "\n" "\r" "\t" ] [ "\\\\" "\\\"" "\\\${" "\\n" "\\r" "\\t" ] text}\"";

  key = name: if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" name != null then name else string name;

  paintName = drv:
    let attempt = tryEval (if isString (drv.name or null) then drv.name else "?"); in
    if attempt.success then attempt.value else "?";

  # ---- Where trees come from ----

  call = value: if isFunction value || value ? __functor then value { } else value;

  # A file of tests. What nixpkgs' lib.runTests makes of its tests is the list of those that failed; such a file is read
  # once more with runTests changed to hand its argument back.
  file = path:
    let
      plain = call (import path);
      unrun = value: if isAttrs value && value ? runTests then value // { runTests = tests: tests; } else value;
      scope = {
        runTests = tests: tests;
        import = inner: unrun (import inner);
        builtins = builtins // { import = inner: unrun (import inner); };
      };
    in
    if isList plain then call (builtins.scopedImport scope path) else plain;

  # ---- What a fleet tells ----

  fact = machine: number: name: done number "fact" (toJSON (facts.${name} machine));

  # How the tests of an output are laid out: by flake-parts, with one tree a system, or plainly.
  layout = tests: number: system:
    done number "layout" (
      if ! (isAttrs tests && isAttrs (tests.systems or null)) then "plain"
      else if tests.systems ? ${system} then "systems"
      else "none"
    );

  system = _: number: _: done number "system" builtins.currentSystem;

  # A part of clan's serialised inventory. Settings arrive as modules, each wrapped once or twice.
  inventory = serialization: number: part:
    done number "part" (toJSON (if part == "instances" then mapAttrs (_: instance) serialization.instances else serialization.${part}));

  instance = value: value // { roles = mapAttrs (_: role) (value.roles or { }); };

  role = value:
    withSettings (removeAttrs value [ "extraModules" ]) // {
      machines = mapAttrs (_: withSettings) (value.machines or { });
      tags = let tags = value.tags or { }; in if isAttrs tags then mapAttrs (_: withSettings) tags else tags;
    };

  withSettings = value: if value ? settings then value // { settings = unwrap value.settings; } else value;

  unwrap = settings:
    if isAttrs settings && isList (settings.imports or null) then
      foldl' merge (removeAttrs settings [ "imports" "_file" "_class" "key" ]) (map unwrap settings.imports)
    else settings;

  merge = a: b:
    if isAttrs a && isAttrs b then a // mapAttrs (name: value: if a ? ${name} then merge a.${name} value else value) b else b;

  # A value that was made to be told.
  json = value: number: _: done number "json" (toJSON value);

  # The interfaces of one service module: role by role.
  schemas = class: number: at: done number "schemas" (toJSON class.moduleSchemas.${elemAt at 0}.${elemAt at 1});

  # The limits that its manifest states; null where clan does not know any as yet.
  constraints = class: number: at:
    let
      stated = class.modulesPerSource.${elemAt at 0}.${elemAt at 1}.manifest.constraints or null;
      limits = {
        maxInstances = stated.maxInstances or null;
        roles = mapAttrs
          (_: role: { minMachines = role.minMachines or null; maxMachines = role.maxMachines or null; })
          (stated.roles or { });
      };
    in
    done number "constraints" (toJSON (if stated == null then null else limits));
in
{
  inherit run walk names judge file fact json layout system inventory schemas constraints;
}
