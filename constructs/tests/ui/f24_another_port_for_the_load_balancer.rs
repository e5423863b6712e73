//! A port for the load balancer that is not the container's.
use constructs::{FargateService, port};

fn main() {
    FargateService::named("Web").port(port!(5000)).port(port!(3000));
}
