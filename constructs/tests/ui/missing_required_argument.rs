//! A network without addresses.
use constructs::{App, StackOptions, Tier, Vpc, cidr};

fn main() {
    App::new().with_stack(StackOptions::named("Test"), |s| {
        Vpc::named("Vpc").tiers([Tier::public([cidr!("10.0.1.0/24")])]).build(s);
    });
}
