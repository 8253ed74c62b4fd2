//! Tells cargo that every file below this folder is a part of the crate, also one that is new.

fn main() {
    println!("cargo:rerun-if-changed=.");
}
