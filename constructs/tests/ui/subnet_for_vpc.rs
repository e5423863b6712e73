//! A subnet where a VPC belongs.
use constructs::l1::ec2;
use constructs::{App, StackOptions};

fn main() {
    App::new().with_stack(StackOptions::named("Test"), |s| {
        let subnet = s.add("Subnet", ec2::Subnet::default());
        s.add("Table", ec2::RouteTable { vpc_id: Some(subnet.into()), ..Default::default() });
    });
}
