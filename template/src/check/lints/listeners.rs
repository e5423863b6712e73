//! What load balancers listen to, and how safely.

use std::collections::BTreeMap;

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::balancer::{Action, Kind, Listener, ListenerRule};
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &IN_THE_CLEAR, check: in_the_clear },
    Lint { rule: &CERTIFICATE, check: certificate },
    Lint { rule: &PROTOCOL, check: protocol },
    Lint { rule: &SAME_PRIORITY, check: same_priority },
    Lint { rule: &SAME_PORT, check: same_port },
];

rule! {
    /// A public listener that forwards plain HTTP.
    ///
    /// Everything between the browser and the load balancer can be read and changed on the way: passwords, session
    /// cookies, API keys. A load balancer that also listens for HTTPS does not help whoever comes by HTTP.
    ///
    /// Give the load balancer a certificate and an HTTPS listener on port 443, and let port 80 redirect to it. A
    /// listener that is there only for CloudFront in front of it should speak HTTPS as well.
    ///
    /// Source: [HTTPS listeners](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html),
    /// [redirect actions](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#redirect-actions).
    pub(super) IN_THE_CLEAR = "DT080" Warning;
}

rule! {
    /// A certificate without TLS, or TLS without a certificate.
    ///
    /// A listener for HTTPS or TLS needs a certificate, and one for anything else must not have any: Elastic Load
    /// Balancing refuses to make the listener, and the stack rolls back after the load balancer was waited for.
    ///
    /// Name exactly one certificate in `Certificates`; more of them are `ListenerCertificate` resources.
    ///
    /// Source: [AWS::ElasticLoadBalancingV2::Listener](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-listener.html).
    pub(super) CERTIFICATE = "DT082" Error;
}

rule! {
    /// A protocol that this kind of load balancer does not speak.
    ///
    /// An application load balancer speaks HTTP and HTTPS, with clients and with targets; a network load balancer
    /// speaks TCP, TLS, UDP and QUIC. Elastic Load Balancing refuses a listener of the other kind, and one that
    /// forwards to a target group of the other kind.
    ///
    /// Change the protocol, or the `Type` of the load balancer.
    ///
    /// Source: [CreateListener](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html).
    pub(super) PROTOCOL = "DT083" Error;
}

rule! {
    /// Two rules of one listener with the same priority.
    ///
    /// Priorities decide which rule is asked first, so a listener has each only once. Elastic Load Balancing refuses
    /// the second rule (`PriorityInUse`), and the stack rolls back.
    ///
    /// Give each rule its own number; leave gaps for later ones.
    ///
    /// Source: [CreateRule](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html).
    pub(super) SAME_PRIORITY = "DT084" Error;
}

rule! {
    /// Two listeners of one load balancer on the same port.
    ///
    /// A port of a load balancer has one listener, whatever the protocol: Elastic Load Balancing refuses the second
    /// one (`DuplicateListener`). For TCP and UDP on one port there is the protocol `TCP_UDP`.
    ///
    /// Take another port, or bring both together in one listener with rules.
    ///
    /// Source: [CreateListener](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html).
    pub(super) SAME_PORT = "DT085" Error;
}

fn in_the_clear(model: &Model<'_>, found: &mut Findings) {
    for balancer in model.load_balancers() {
        if balancer.kind() != Some(Kind::Application) || balancer.is_internet_facing() != Some(true) {
            continue;
        }
        let listeners = balancer.listeners();
        let protocols: Vec<_> = listeners.iter().flat_map(|listener| listener.0.get("Protocol")).collect();
        // One that is not known may be HTTPS.
        if protocols.iter().any(Value::is_unknown) {
            continue;
        }
        let secure: Vec<_> = protocols.iter().filter(|protocol| protocol.is_text("HTTPS")).collect();
        for listener in listeners {
            let Some(forward) = plain_forward(listener, secure.is_empty()) else { continue };
            // Where none can be beside it, whoever deploys the template can choose between the two.
            let beside = secure.iter().any(|other| other.world().meets(forward.value.world()));
            if beside == secure.is_empty() {
                continue;
            }
            let also = if beside { "though it also listens for HTTPS" } else { "and nothing offers HTTPS" };
            found
                .at(
                    &forward.value,
                    format!("the internet-facing `{}` forwards plain HTTP, {also}", balancer.0.id()),
                )
                .hint("redirect to HTTPS here, and forward from a listener on port 443 with a certificate");
        }
    }
}

/// The first action that forwards what came by HTTP, of the listener or of its rules. Some paths may have to be reached
/// without TLS beside it: `by_rules` says whether all rules count, or only those for every path.
fn plain_forward(listener: Listener<'_>, by_rules: bool) -> Option<Action<'_>> {
    let protocols = listener.0.get("Protocol");
    let rules = listener.rules().into_iter().filter(|rule| by_rules || is_for_all(*rule));
    let rules = rules.flat_map(ListenerRule::actions);
    listener.actions().into_iter().chain(rules).find(|action| {
        let mut plain = protocols.iter().filter(|protocol| protocol.is_text("HTTP"));
        plain.any(|protocol| forwards(action, protocol))
    })
}

/// Whether a rule certainly takes every request: by its path, and by nothing else.
fn is_for_all(rule: ListenerRule<'_>) -> bool {
    let lists = rule.0.get("Conditions");
    let entries: Option<Vec<_>> = lists.iter().map(Value::items).collect();
    let entries = entries.unwrap_or_default().concat();
    let is_all = |path: &Value<'_>| path.is_text("*") || path.is_text("/*");
    let takes_all = |entry: &Value<'_>| {
        let paths = ["Values", "PathPatternConfig.Values"].map(|way| entry.get(way)).concat();
        let mut paths = paths.iter().filter_map(Value::items).flatten();
        entry.get("Field").iter().all(|field| field.is_text("path-pattern"))
            && paths.any(|path| is_all(&path))
    };
    !entries.is_empty() && entries.iter().all(takes_all)
}

fn forwards(action: &Action<'_>, protocol: &Value<'_>) -> bool {
    let kinds = action.value.get("Type");
    kinds.iter().any(|kind| kind.is_text("forward") && kind.world().meets(protocol.world()))
}

fn certificate(model: &Model<'_>, found: &mut Findings) {
    for listener in model.listeners() {
        let certificates = listener.0.get("Certificates");
        for protocol in listener.0.get("Protocol") {
            let Some(name) = protocol.text() else { continue };
            let is_secure = matches!(name.as_str(), "HTTPS" | "TLS");
            for list in certificates.iter().filter(|list| list.world().meets(protocol.world())) {
                let Some(mut items) = list.items() else { continue };
                items.retain(|item| item.world().meets(protocol.world()));
                if is_secure && items.is_empty() {
                    found
                        .at(&protocol, format!("a listener for {name} without a certificate"))
                        .hint("name one in `Certificates`");
                } else if !is_secure && !items.is_empty() && list.is_known() {
                    found
                        .at(list, format!("a certificate on a listener for {name}"))
                        .hint("make the listener HTTPS (TLS on a network load balancer), or leave the certificate out");
                }
            }
        }
    }
}

fn protocol(model: &Model<'_>, found: &mut Findings) {
    for listener in model.listeners() {
        let Some(kind) = listener.kind() else { continue };
        for protocol in listener.0.get("Protocol") {
            if let Some(name) = protocol.text().filter(|name| !speaks(kind, name)) {
                found
                    .at(&protocol, format!("{} does not listen for {name}", named(kind)))
                    .hint(format!("choose {}", spoken(kind)));
            }
        }
    }
    for forward in model.forwards() {
        let Some(group) = forward.target_group() else { continue };
        let Some(kind) = kind_of(forward.from) else { continue };
        for protocol in group.0.get("Protocol") {
            let Some(name) = protocol.text().filter(|name| !speaks(kind, name)) else { continue };
            if protocol.world().meets(forward.group.world()) {
                let id = group.0.id();
                found
                    .at(
                        &forward.group,
                        format!("{} does not forward to `{id}`, whose protocol is {name}", named(kind)),
                    )
                    .hint(format!("let `{id}` have {}", spoken(kind)));
            }
        }
    }
}

/// The kind of the load balancer that a listener or a rule belongs to.
fn kind_of(from: Item<'_>) -> Option<Kind> {
    if from.is("AWS::ElasticLoadBalancingV2::Listener") {
        return Listener(from).kind();
    }
    ListenerRule(from).kind()
}

fn speaks(kind: Kind, protocol: &str) -> bool {
    match kind {
        Kind::Application => matches!(protocol, "HTTP" | "HTTPS"),
        Kind::Network => !matches!(protocol, "HTTP" | "HTTPS" | "GENEVE"),
        Kind::Gateway => protocol == "GENEVE",
    }
}

fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::Application => "an application load balancer",
        Kind::Network => "a network load balancer",
        Kind::Gateway => "a gateway load balancer",
    }
}

fn spoken(kind: Kind) -> &'static str {
    match kind {
        Kind::Application => "HTTP or HTTPS",
        Kind::Network => "TCP, TLS, UDP, TCP_UDP, QUIC or TCP_QUIC",
        Kind::Gateway => "GENEVE",
    }
}

fn same_priority(model: &Model<'_>, found: &mut Findings) {
    let rules = model.listener_rules().map(|rule| rule.0);
    twice(rules, "ListenerArn", "Priority", |value, other, number| {
        found
            .at(value, format!("the rule `{other}` of the same listener has the priority {number} too"))
            .hint("give each rule of a listener a priority of its own");
    });
}

fn same_port(model: &Model<'_>, found: &mut Findings) {
    let listeners = model.listeners().map(|listener| listener.0);
    twice(listeners, "LoadBalancerArn", "Port", |value, other, number| {
        found
            .at(value, format!("the listener `{other}` of the same load balancer has the port {number} too"))
            .hint("take another port, or put the actions of both into one listener");
    });
}

/// Tells of every resource that has the same number as an earlier one of the same owner.
fn twice<'m>(
    items: impl Iterator<Item = Item<'m>>,
    owner: &'m str,
    property: &'m str,
    mut tell: impl FnMut(&Value<'m>, &str, &str),
) {
    let mut known: BTreeMap<(String, String), Vec<(Item<'m>, Value<'m>)>> = BTreeMap::new();
    for item in items {
        for of in item.get(owner) {
            let Some(of_name) = identity(&of) else { continue };
            for value in item.get(property) {
                let world = of.world().and(value.world());
                let (Some(number), Some(world)) = (value.text(), world) else { continue };
                let before = known.entry((of_name.clone(), number.clone())).or_default();
                let other = before.iter().find(|(other, at)| *other != item && at.world().meets(&world));
                match other {
                    Some((other, _)) => tell(&value, other.id(), &number),
                    None => before.push((item, value)),
                }
            }
        }
    }
}

/// What a value names, as far as two values can be compared: a resource, a parameter or a known text.
fn identity(value: &Value<'_>) -> Option<String> {
    match (value.target(), value.parameter()) {
        (Some(target), _) => Some(target.item.id().to_owned()),
        (None, Some((name, _))) => Some(name.to_owned()),
        (None, None) => value.text(),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::codes;

    const ALB: &str = "
Parameters: {Certificate: {Type: String, Default: ''}}
Conditions: {Secure: !Not [!Equals [!Ref Certificate, '']]}
Resources:
  Alb: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Subnets: [subnet-1, subnet-2]}}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Port: 80, Protocol: HTTP, VpcId: vpc-1}}
";

    /// A listener whose default action is this one, in YAML's flow style.
    fn listener(id: &str, port: u16, more: &str, action: &str) -> String {
        format!(
            "  {id}:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n      \
             LoadBalancerArn: !Ref Alb\n      Port: {port}\n      {more}\n      DefaultActions: [{action}]\n"
        )
    }

    const FORWARD: &str = "{Type: forward, TargetGroupArn: !Ref Group}";
    const NOT_FOUND: &str = "{Type: fixed-response, FixedResponseConfig: {StatusCode: '404'}}";
    const HTTPS: &str = "Protocol: HTTPS\n      SslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06\n      \
                         Certificates: [{CertificateArn: a}]";

    fn has(code: &str, listeners: &[String]) -> bool {
        codes(&format!("{ALB}{}", listeners.concat())).iter().any(|found| found == code)
    }

    #[test]
    fn http_is_forwarded_in_the_clear_beside_https_too() {
        let http = listener("Http", 80, "Protocol: HTTP", FORWARD);
        let https = listener("Https", 443, HTTPS, FORWARD);
        assert!(has("DT080", &[http.clone(), https.clone()]));
        let other = https.replace("Properties", "Condition: Secure\n    Properties");
        assert!(has("DT080", &[http, other]));
    }

    #[test]
    fn a_rule_may_forward_http_only_where_https_is_offered() {
        let http = listener("Http", 80, "Protocol: HTTP", NOT_FOUND);
        let rule = format!(
            "  Rule:\n    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n      \
             ListenerArn: !Ref Http\n      Priority: 1\n      Actions: [{FORWARD}]\n      \
             Conditions: [{{Field: path-pattern, Values: [/acme]}}]\n"
        );
        assert!(has("DT080", &[http.clone(), rule.clone()]));
        let https = listener("Https", 443, HTTPS, FORWARD);
        assert!(!has("DT080", &[http.clone(), rule.clone(), https.clone()]));
        let all = rule.replace("/acme", "'/*'");
        assert!(has("DT080", &[http.clone(), all.clone(), https.clone()]));
        let some = all.replace("'/*']}", "'/*']}, {Field: host-header, Values: [a.example.com]}");
        assert!(!has("DT080", &[http, some, https]));
    }

    #[test]
    fn a_protocol_that_is_not_known_may_be_https() {
        let http = listener("Http", 80, "Protocol: HTTP", FORWARD);
        assert!(!has("DT080", &[http, listener("Other", 443, "Protocol: !ImportValue P", FORWARD)]));
    }

    #[test]
    fn protocol_and_certificate_may_depend_on_one_condition() {
        let both = "Protocol: !If [Secure, HTTPS, HTTP]\n      \
                    Certificates: [!If [Secure, {CertificateArn: !Ref Certificate}, !Ref 'AWS::NoValue']]";
        assert!(!has("DT082", &[listener("One", 80, both, NOT_FOUND)]));
        let twisted = both.replace("HTTPS, HTTP", "HTTP, HTTPS");
        assert!(has("DT082", &[listener("One", 80, &twisted, NOT_FOUND)]));
    }

    #[test]
    fn listeners_of_two_conditions_may_share_a_port() {
        let http = listener("Http", 80, "Protocol: HTTP", NOT_FOUND);
        let secure =
            http.replace("Http:", "Other:").replace("Properties", "Condition: Secure\n    Properties");
        assert!(has("DT085", &[http, secure.clone()]));
        let branch = listener("Http", 80, "Protocol: HTTP", NOT_FOUND)
            .replace("Port: 80", "Port: !If [Secure, 81, 80]");
        assert!(!has("DT085", &[branch, secure]));
    }
}
