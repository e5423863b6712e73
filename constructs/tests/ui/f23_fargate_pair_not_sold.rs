//! A pair of CPU and memory that Fargate does not sell.
fn main() {
    let _ = constructs::fargate!(512, 8192);
}
