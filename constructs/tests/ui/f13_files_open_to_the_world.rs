//! The port of a file system, open to everybody.
use constructs::{Cidr, FileSystem, Scope, port};

fn main() {
    let open = |s: &mut Scope<'_>, files: &FileSystem| {
        files.security_group.allow_from(s, Cidr::ANYWHERE, port!(2049), "everybody");
    };
    let _ = open;
}
