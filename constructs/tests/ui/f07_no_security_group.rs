//! A service in the default security group of its network.
use constructs::FargateService;

fn main() {
    FargateService::named("Web").security_groups([]);
}
