//! A file system that is reached in some of the zones only.
use constructs::FileSystem;

fn main() {
    FileSystem::named("Data").subnets(["subnet-0a1b2c3d"]);
}
