# shellcheck shell=bash
# Makes sure of what compiles, tests and lints the sources: Rust, a C compiler (SQLite is compiled in), nextest.

# Set by ci/run.
: "${root:?}" "${cache:?}"

need_build_tools() {
    need_rust
    need_c_compiler
}

# A cargo at least as new as the workspace's rust-version.
need_rust() {
    local oldest found
    command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
    found=$(cargo --version 2>/dev/null) || refuse "no Rust here: install it (https://rustup.rs), then run this again"
    found=$(cut -d ' ' -f 2 <<<"$found")
    at_least "$oldest" "$found" || refuse "Rust $found is too old: $oldest or newer is needed (\`rustup update\`)"
}

need_c_compiler() { need_command cc gcc libc6-dev; }

need_lint_tools() {
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        command -v rustup >/dev/null || refuse "no rustfmt or clippy here: install them, then run this again"
        step "install rustfmt and clippy" rustup component add rustfmt clippy >&2
    fi
}

# Succeeds when `cargo nextest` is there, if need be built into the cache.
need_nextest() {
    PATH=$PATH:$cache/cargo/bin
    cargo nextest --version >/dev/null 2>&1 || step "install nextest" install_nextest >&2
}

# Not optimised and without its self-update: a third of the time to build, and tests run no slower.
install_nextest() {
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root "$cache/cargo" \
        --no-default-features --features default-no-update cargo-nextest
}

target_folder() {
    local folder=${CARGO_TARGET_DIR:-target}
    case $folder in
        /*) printf '%s\n' "$folder" ;;
        *) printf '%s\n' "$root/$folder" ;;
    esac
}
