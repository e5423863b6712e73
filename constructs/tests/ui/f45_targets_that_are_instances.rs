//! A target group of instances, of which Fargate has none.
use constructs::TargetGroup;

fn main() {
    TargetGroup::named("Group").target_type("instance");
}
