//! A secret where everybody could read it.
use constructs::{App, Container, Image, LogGroup, Secret, StackOptions};

fn main() {
    App::new().with_stack(StackOptions::named("Test"), |s| {
        let secret = Secret::named("Key").build(s);
        let log_group = LogGroup::named("Logs").build(s);
        Container::named("app").image(Image::registry("app:v1")).log_group(log_group).environment([("KEY", &secret)]).build();
    });
}
