# The recipes; each calls ci/run, which also works without just.

# list the recipes
default:
    @just --list

# prove the sample fleet
verify *arguments:
    ci/run verify {{arguments}}

# run every test
test *arguments:
    ci/run test {{arguments}}

# check format, lints, rules, documentation, scripts and flake
lint:
    ci/run lint

# measure
bench *arguments:
    ci/run bench {{arguments}}

# write the sources in the one format
fmt:
    ci/run fmt
