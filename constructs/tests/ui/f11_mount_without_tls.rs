//! A mount without encryption on the way.
use constructs::FileSystem;

fn main() {
    let mount = |files: &FileSystem| files.mount("/data").transit_encryption(false);
    let _ = mount;
}
