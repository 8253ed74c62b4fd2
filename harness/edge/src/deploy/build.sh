# Builds on another computer, and keeps what was built. Set before: derivation, machine.
set -eu
export PATH="/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:$PATH"
roots=${XDG_STATE_HOME:-$HOME/.local/state}/seaworthy/roots
mkdir -p "$roots"
nix-store --realise "$derivation" --add-root "$roots/$machine" >/dev/null
echo "built $(readlink "$roots/$machine")"
