//! Commands in containers, without what the task role needs for them.
use constructs::FargateService;

fn main() {
    FargateService::named("Web").exec(true);
}
