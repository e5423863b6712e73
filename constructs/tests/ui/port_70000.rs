//! A port beyond the last one.
fn main() {
    let _ = constructs::port!(70000);
}
