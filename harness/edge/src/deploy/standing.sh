export PATH="/run/current-system/sw/bin:$PATH"
echo "running $(readlink -f /run/current-system)"
echo "profile $(readlink -f /nix/var/nix/profiles/system)"
