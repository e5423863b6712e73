//! A file system without encryption.
use constructs::FileSystem;

fn main() {
    FileSystem::named("Data").encrypted(false);
}
