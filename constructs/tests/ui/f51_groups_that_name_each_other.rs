//! Rules within a security group, which can name one that names it.
use constructs::SecurityGroup;

fn main() {
    SecurityGroup::named("Tasks").ingress([]);
}
