//! A listener that speaks what is no longer safe.
use constructs::l1::acm;
use constructs::{Arn, Listener, Value, port};

fn main() {
    let listener = |certificate: Value<Arn<acm::Certificate>>| {
        Listener::https(port!(443), certificate).ssl_policy("ELBSecurityPolicy-2016-08")
    };
    let _ = listener;
}
