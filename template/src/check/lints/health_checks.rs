//! How load balancers ask their targets whether they are well.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::balancer::TargetGroup;
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] =
    &[Lint { rule: &TIMEOUT, check: timeout }, Lint { rule: &CONTRADICTION, check: contradiction }];

rule! {
    /// A health check that starts again before it can time out.
    ///
    /// Elastic Load Balancing refuses a target group whose health checks are not further apart than one may last:
    /// `Health check interval must be greater than the timeout`. What is not given counts with its default: an
    /// interval of 30 s, a timeout of 5 s for HTTP.
    ///
    /// Make the interval longer, or the timeout shorter: a target that needs more than a few seconds to say that it is
    /// well is not.
    ///
    /// Source: [health checks of application](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html),
    /// [network](https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html) and
    /// [classic load balancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-healthchecks.html).
    pub(super) TIMEOUT = "DT089" Error;
}

rule! {
    /// A health check that contradicts its protocol.
    ///
    /// Elastic Load Balancing refuses a target group whose health check cannot be made: one by TCP for a group of HTTP
    /// or HTTPS; one by UDP or TLS; a path or status codes for a check by TCP, which knows neither; and a path
    /// that does not start with a slash.
    ///
    /// Choose `HealthCheckProtocol: HTTP` to ask for a path, also in a group of TCP; or leave the path and the
    /// matcher out.
    ///
    /// Source: [CreateTargetGroup](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html).
    pub(super) CONTRADICTION = "DT090" Error;
}

/// What a health check is that says nothing else, in seconds.
///
/// Source: [CreateTargetGroup](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html).
struct Defaults {
    interval: f64,
    timeout: f64,
}

const HTTP: Defaults = Defaults { interval: 30.0, timeout: 5.0 };
const LAMBDA: Defaults = Defaults { interval: 35.0, timeout: 30.0 };

fn timeout(model: &Model<'_>, found: &mut Findings) {
    for group in model.target_groups() {
        let (interval, timeout) = ("HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds");
        let is_http = |value: &Value<'_>| value.is_text("HTTP") || value.is_text("HTTPS");
        let defaults = match group.target_type().as_deref() {
            None => None,
            Some("lambda") => Some(LAMBDA),
            Some(_) => group.0.get("Protocol").iter().all(is_http).then_some(HTTP),
        };
        // A check by TCP may last until the next one.
        let may_be_equal = defaults.is_none();
        compare(group.0, (interval, timeout), defaults.as_ref(), may_be_equal, found);
    }
    for balancer in model.of_type("AWS::ElasticLoadBalancing::LoadBalancer") {
        compare(balancer, ("HealthCheck.Interval", "HealthCheck.Timeout"), None, false, found);
    }
}

fn compare(
    item: Item<'_>,
    (interval, timeout): (&'static str, &'static str),
    defaults: Option<&Defaults>,
    may_be_equal: bool,
    found: &mut Findings,
) {
    for last in item.get(timeout) {
        let Some(seconds) = seconds(&last, defaults.map(|defaults| defaults.timeout)) else { continue };
        for between in item.get(interval) {
            let given = !last.is_absent() || !between.is_absent();
            let known = self::seconds(&between, defaults.map(|defaults| defaults.interval));
            let Some(apart) = known.filter(|_| given && between.world().meets(last.world())) else {
                continue;
            };
            if seconds > apart || (seconds >= apart && !may_be_equal) {
                let place = if last.is_absent() { &between } else { &last };
                found
                    .at(
                        place,
                        format!(
                            "a health check may last {seconds} s, and the next one starts after {apart} s"
                        ),
                    )
                    .hint("make the interval longer than the timeout");
            }
        }
    }
}

fn seconds(value: &Value<'_>, default: Option<f64>) -> Option<f64> {
    if value.is_absent() { default } else { value.number() }
}

fn contradiction(model: &Model<'_>, found: &mut Findings) {
    for group in model.target_groups() {
        checked_protocol(group, found);
        for path in group.0.get("HealthCheckPath") {
            let wrong = path.text().filter(|text| !text.starts_with('/'));
            if let Some(text) = wrong {
                found
                    .at(&path, format!("the path `{text}` of the health check does not start with a slash"))
                    .hint(format!("write `/{text}`"));
            }
        }
    }
}

fn checked_protocol(group: TargetGroup<'_>, found: &mut Findings) {
    for protocol in group.0.get("HealthCheckProtocol") {
        let Some(name) = protocol.text() else { continue };
        if !matches!(name.as_str(), "HTTP" | "HTTPS" | "TCP") {
            found
                .at(&protocol, format!("there are no health checks by {name}"))
                .hint("choose TCP, HTTP or HTTPS");
            continue;
        }
        if name != "TCP" {
            continue;
        }
        for own in group.0.get("Protocol").iter().filter(|own| own.world().meets(protocol.world())) {
            if let Some(own) = own.text().filter(|own| matches!(own.as_str(), "HTTP" | "HTTPS")) {
                found
                    .at(&protocol, format!("a target group of {own} cannot be checked by TCP"))
                    .hint("check it by HTTP or HTTPS");
            }
        }
        for property in ["HealthCheckPath", "Matcher"] {
            let given = group.0.get(property).into_iter().filter(|value| !value.is_absent());
            for value in given.filter(|value| value.world().meets(protocol.world())) {
                found
                    .at(&value, format!("a health check by TCP has no `{property}`"))
                    .hint(format!("check by HTTP, or leave `{property}` out"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::codes;

    fn group(properties: &str) -> Vec<String> {
        codes(&format!(
            "Resources: {{G: {{Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {{{properties}}}}}}}"
        ))
    }

    #[test]
    fn defaults_count() {
        let http = "Port: 80, Protocol: HTTP, VpcId: vpc-1";
        assert_eq!(group(&format!("{http}, HealthCheckIntervalSeconds: 5")), ["DT089"]);
        assert_eq!(group(&format!("{http}, HealthCheckTimeoutSeconds: 30")), ["DT089"]);
        assert!(group(&format!("{http}, HealthCheckTimeoutSeconds: 29")).is_empty());
        assert!(group(http).is_empty());
        assert!(group("TargetType: lambda, HealthCheckTimeoutSeconds: 30").is_empty());
        assert_eq!(group("TargetType: lambda, HealthCheckIntervalSeconds: 30"), ["DT089"]);
    }

    #[test]
    fn a_check_by_tcp_may_last_as_long_as_the_interval() {
        let tcp = "Port: 80, Protocol: TCP, VpcId: vpc-1, HealthCheckIntervalSeconds: 10";
        assert!(group(&format!("{tcp}, HealthCheckTimeoutSeconds: 10")).is_empty());
        assert_eq!(group(&format!("{tcp}, HealthCheckTimeoutSeconds: 11")), ["DT089"]);
    }

    #[test]
    fn a_health_check_fits_its_protocol() {
        let own = |protocol| format!("Port: 80, Protocol: {protocol}, VpcId: vpc-1");
        assert_eq!(group(&format!("{}, HealthCheckProtocol: TCP", own("HTTP"))), ["DT090"]);
        assert_eq!(group(&format!("{}, HealthCheckProtocol: UDP", own("UDP"))), ["DT090"]);
        assert_eq!(group(&format!("{}, HealthCheckPath: health", own("HTTP"))), ["DT090"]);
        assert!(group(&format!("{}, HealthCheckProtocol: TCP", own("UDP"))).is_empty());
    }
}
