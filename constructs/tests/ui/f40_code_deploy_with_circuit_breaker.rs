//! The controller that knows no circuit breaker.
use constructs::Deployment;

fn main() {
    let _ = Deployment::CodeDeploy { circuit_breaker: true };
}
