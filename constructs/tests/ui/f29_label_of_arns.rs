//! The label of a load balancer, put together by hand.
use constructs::ScalingTarget;

fn main() {
    let _ = ScalingTarget::requests("app/web/0123456789abcdef/targetgroup/web/0123456789abcdef");
}
