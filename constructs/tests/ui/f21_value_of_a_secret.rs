//! The value of a secret, in the template.
use constructs::Secret;

fn main() {
    Secret::named("Key").secret_string("correct-horse-battery");
}
