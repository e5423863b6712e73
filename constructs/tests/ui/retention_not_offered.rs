//! A period that CloudWatch does not offer.
fn main() {
    let _ = constructs::retention!(10);
}
