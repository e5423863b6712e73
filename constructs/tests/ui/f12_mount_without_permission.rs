//! A mount for which IAM is not asked.
use constructs::FileSystem;

fn main() {
    let mount = |files: &FileSystem| files.mount("/data").iam_authorization(false);
    let _ = mount;
}
