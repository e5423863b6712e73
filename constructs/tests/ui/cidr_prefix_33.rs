//! A prefix length that IPv4 does not have.
fn main() {
    let _ = constructs::cidr!("10.0.0.0/33");
}
