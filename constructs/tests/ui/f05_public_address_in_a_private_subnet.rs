//! A public address for tasks, wherever they stand.
use constructs::FargateService;

fn main() {
    FargateService::named("Web").assign_public_ip(true);
}
