//! The ARN of a log group where that of a role belongs.
use constructs::l1::{ec2, logs};
use constructs::{App, StackOptions};

fn main() {
    App::new().with_stack(StackOptions::named("Test"), |s| {
        let group = s.add("Group", logs::LogGroup::default());
        s.add("Log", ec2::FlowLog { deliver_logs_permission_arn: Some(group.arn()), ..Default::default() });
    });
}
