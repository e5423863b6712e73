//! A record that leads to a load balancer by its name, and to its zone by a literal.
use constructs::Record;

fn main() {
    Record::named("Record").to("web-1.us-west-2.elb.amazonaws.com").zone_of_target("Z35SXDOTRQ7X7K");
}
