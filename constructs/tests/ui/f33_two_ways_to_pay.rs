//! On demand and a strategy of capacity providers, together.
use constructs::{FargateService, Launch};

fn main() {
    FargateService::named("Web").launch(Launch::Fargate).launch(Launch::spot(1));
}
