//! An execution role of one's own, which might not be allowed to read the secrets.
use constructs::TaskDefinition;

fn main() {
    TaskDefinition::named("Task").execution_role("arn:aws:iam::123456789012:role/execution");
}
