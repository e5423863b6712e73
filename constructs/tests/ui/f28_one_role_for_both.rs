//! One role for ECS and for the container.
use constructs::{Role, TaskDefinition};

fn main() {
    let both = |role: Role| TaskDefinition::named("Task").task_role(role);
    let _ = both;
}
