//! A part of an address beyond 255.
fn main() {
    let _ = constructs::cidr!("10.0.300.0/24");
}
