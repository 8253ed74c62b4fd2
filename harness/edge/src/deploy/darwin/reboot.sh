# All of a closure is in use once it is activated: a Mac's kernel is not nix-darwin's.
take
