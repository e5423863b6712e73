//! An address inside a block instead of at its beginning.
fn main() {
    let _ = constructs::cidr!("10.0.0.1/16");
}
