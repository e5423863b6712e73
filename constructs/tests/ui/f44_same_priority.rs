//! A priority of a rule, which another may have.
use constructs::{FargateService, Rule};

fn main() {
    let rule = |service: &FargateService| Rule::paths(["/ai/*"], service).priority(1);
    let _ = rule;
}
