//! A value known only at deployment, printed as if it were known now.
use constructs::l1::logs;
use constructs::{App, StackOptions};

fn main() {
    App::new().with_stack(StackOptions::named("Test"), |s| {
        let group = s.add("Group", logs::LogGroup::default());
        s.output("Arn", &format!("{}", group.arn()), "");
    });
}
