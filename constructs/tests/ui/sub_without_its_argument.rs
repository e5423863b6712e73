//! Text with a place for a value, and no value.
fn main() {
    let _ = constructs::sub!("http://{}");
}
