# The recipes; each calls ci/run, which also works without just.

# Arguments keep their spaces, as filter expressions have them.
set positional-arguments := true

# list the recipes
default:
    @just --list

# prove the sample fleet
verify *arguments:
    ci/run verify "$@"

# run every test
test *arguments:
    ci/run test "$@"

# check format, lints, rules, documentation, scripts and flake
lint:
    ci/run lint

# measure
bench *arguments:
    ci/run bench "$@"

# write the sources in the one format
fmt:
    ci/run fmt
