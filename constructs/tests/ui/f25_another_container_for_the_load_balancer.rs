//! A container for the load balancer that is not the task's.
use constructs::FargateService;

fn main() {
    FargateService::named("Web").container_name("web").container_name("api");
}
