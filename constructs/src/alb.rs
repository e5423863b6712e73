//! Application load balancers: one front door, its listeners, and where each request goes.

use bon::bon;

use crate::fargate_service::FargateService;
use crate::l1::{acm, elbv2};
use crate::name::short_name;
use crate::resource::{Arn, Handle};
use crate::scope::Scope;
use crate::security_group::{Egress, SecurityGroup};
use crate::traffic::Entrance;
use crate::units::{Cidr, Port};
use crate::value::Value;
use crate::vpc::{TierKind, Vpc};

/// Who can reach a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Everybody: it stands in the public subnets.
    InternetFacing,
    /// The network only: it stands in the private subnets.
    Internal,
}

/// An `AWS::ElasticLoadBalancingV2::LoadBalancer` of type application, with its security group.
///
/// It drops header fields that are not valid HTTP, and mitigates requests that front and back would read
/// differently.
#[derive(Debug, Clone)]
pub struct Alb {
    /// The load balancer itself, for what this construct has no word for.
    pub resource: Handle<elbv2::LoadBalancer>,
    /// Its security group, which reaches nothing but the services behind it.
    pub security_group: SecurityGroup,
    path: String,
    scheme: Scheme,
}

#[bon]
impl Alb {
    /// Starts the load balancer `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The network it stands in; it needs subnets in at least two zones.
        vpc: &Vpc,
        /// The name, at most 32 characters; a longer one is shortened with a hash. Default: a name that
        /// CloudFormation makes.
        #[builder(into)]
        name: Option<String>,
        /// Who can reach it. Default: everybody.
        #[builder(default = Scheme::InternetFacing)]
        scheme: Scheme,
        /// Whether AWS refuses to delete it until that is switched off. Default: no.
        #[builder(default)]
        deletion_protection: bool,
    ) -> Alb {
        let kind = match scheme {
            Scheme::InternetFacing => TierKind::Public,
            Scheme::Internal => TierKind::Private,
        };
        let mut inner = s.scope(id);
        if let Some(count @ 0..2) = vpc.count(kind) {
            inner
                .error("DC050", format!("the load balancer has {count} subnets to stand in, and needs two"))
                .property("vpc")
                .hint("give the network a public tier (private, for an internal one) in two zones");
        }
        let security_group = SecurityGroup::named("SecurityGroup")
            .vpc(vpc)
            .description("load balancer")
            .egress(Egress::Connected)
            .build(&mut inner);
        let properties = elbv2::LoadBalancer {
            name: name.map(|name| short_name(&name, 32).into()),
            r#type: Some("application".into()),
            scheme: Some(
                if scheme == Scheme::InternetFacing { "internet-facing" } else { "internal" }.into(),
            ),
            subnets: Some(vpc.subnets(kind)),
            security_groups: Some([security_group.id()].into()),
            load_balancer_attributes: Some(vec![
                attribute("deletion_protection.enabled", if deletion_protection { "true" } else { "false" }),
                attribute("routing.http.drop_invalid_header_fields.enabled", "true"),
                attribute("routing.http.desync_mitigation_mode", "defensive"),
            ]),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        if scheme == Scheme::InternetFacing {
            vpc.await_internet(s, kind, resource);
        }
        let path = s.scope(id).own_path().to_owned();
        Alb { resource, security_group, path, scheme }
    }
}

/// An attribute of a load balancer.
pub(crate) fn attribute(
    key: &str,
    value: impl Into<Value<String>>,
) -> elbv2::load_balancer::LoadBalancerAttribute {
    elbv2::load_balancer::LoadBalancerAttribute { key: Some(key.into()), value: Some(value.into()) }
}

/// Where a listener or rule sends a request.
#[derive(Debug, Clone)]
enum Action {
    Forward(Box<FargateService>),
    RedirectToHttps,
    NotFound,
}

/// A port of a load balancer, and what becomes of the requests to it.
#[derive(Debug, Clone)]
pub struct Listener {
    port: Port,
    certificate: Option<Value<Arn<acm::Certificate>>>,
    default: Action,
    rules: Vec<Rule>,
}

impl Listener {
    /// Listens for HTTP on `port`. Without more, every request is answered with 404.
    pub fn http(port: Port) -> Listener {
        Listener { port, certificate: None, default: Action::NotFound, rules: Vec::new() }
    }

    /// Listens for HTTPS on `port`, TLS 1.3 and 1.2. Without more, every request is answered with 404.
    pub fn https(port: Port, certificate: impl Into<Value<Arn<acm::Certificate>>>) -> Listener {
        Listener { certificate: Some(certificate.into()), ..Listener::http(port) }
    }

    /// Sends what no rule matches to `service`.
    pub fn forward(mut self, service: &FargateService) -> Listener {
        self.default = Action::Forward(Box::new(service.clone()));
        self
    }

    /// Sends the caller to the same address on port 443.
    pub fn redirect_to_https(mut self) -> Listener {
        self.default = Action::RedirectToHttps;
        self
    }

    /// Adds a rule; the first one that matches is followed.
    pub fn rule(mut self, rule: Rule) -> Listener {
        self.rules.push(rule);
        self
    }
}

/// Requests that a listener sends elsewhere than the others.
#[derive(Debug, Clone)]
pub struct Rule {
    paths: Vec<String>,
    hosts: Vec<String>,
    service: FargateService,
}

impl Rule {
    /// Sends requests whose path matches one of the patterns (`/ai/*`) to `service`.
    pub fn paths<P: Into<String>>(patterns: impl IntoIterator<Item = P>, service: &FargateService) -> Rule {
        let paths = patterns.into_iter().map(Into::into).collect();
        Rule { paths, hosts: Vec::new(), service: service.clone() }
    }

    /// Sends requests for one of the hosts (`ai.example.com`) to `service`.
    pub fn hosts<H: Into<String>>(hosts: impl IntoIterator<Item = H>, service: &FargateService) -> Rule {
        let hosts = hosts.into_iter().map(Into::into).collect();
        Rule { paths: Vec::new(), hosts, service: service.clone() }
    }

    fn conditions(&self) -> Vec<elbv2::listener_rule::RuleCondition> {
        let mut conditions = Vec::new();
        if !self.hosts.is_empty() {
            conditions.push(elbv2::listener_rule::RuleCondition {
                field: Some("host-header".into()),
                host_header_config: Some(elbv2::listener_rule::HostHeaderConfig {
                    values: Some(self.hosts.iter().collect()),
                    ..Default::default()
                }),
                ..Default::default()
            });
        }
        if !self.paths.is_empty() {
            conditions.push(elbv2::listener_rule::RuleCondition {
                field: Some("path-pattern".into()),
                path_pattern_config: Some(elbv2::listener_rule::PathPatternConfig {
                    values: Some(self.paths.iter().collect()),
                    ..Default::default()
                }),
                ..Default::default()
            });
        }
        conditions
    }
}

/// TLS 1.3, and 1.2 for those who cannot yet; its key exchange withstands a quantum computer where the caller's
/// does. What AWS recommends, and the console's default.
///
/// Source: [Security policies for your Application Load Balancer][aws].
///
/// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

/// The priority of a rule that all others come before.
const LAST_PRIORITY: u16 = 50_000;

impl Alb {
    /// The name under which it is reached.
    #[must_use]
    pub fn dns_name(&self) -> Value<String> {
        self.resource.dns_name()
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Opens a port: adds the listener and its rules, lets everybody in (for an internet-facing load
    /// balancer) and lets the load balancer reach each service that is named.
    #[track_caller]
    pub fn listen(&self, s: &mut Scope<'_>, listener: Listener) -> Handle<elbv2::Listener> {
        let port = listener.port;
        let mut s = s.reopen(&self.path);
        if self.scheme == Scheme::InternetFacing {
            self.security_group.allow_from(&mut s, Cidr::ANYWHERE, port, "requests from the internet");
        }
        let id = format!("Listener{port}");
        let certificate = listener.certificate.clone();
        let properties = elbv2::Listener {
            default_actions: Some(vec![action(&listener.default)]),
            ..self.listener(port, listener.certificate)
        };
        let handle = s.add(&id, properties);
        let entrance = Entrance { alb: self, listener: handle, rule: None, certificate };
        if let Action::Forward(service) = &listener.default {
            let rule = service.shifting().map(|shifting| shifting.rule_for_all(handle, LAST_PRIORITY));
            let rule = rule.map(|rule| s.add(&format!("{id}RuleForAll"), rule));
            service.attach(&mut s, &Entrance { rule, ..entrance.clone() });
        }
        for (index, rule) in listener.rules.iter().enumerate() {
            if rule.paths.is_empty() && rule.hosts.is_empty() {
                s.error("DC051", "a rule matches no path and no host").hint("name at least one pattern");
            }
            let priority = u16::try_from(index + 1).unwrap_or(u16::MAX);
            let properties = elbv2::ListenerRule {
                listener_arn: Some(handle.into()),
                priority: Some(priority.into()),
                conditions: Some(rule.conditions()),
                actions: Some(vec![rule.service.forward()]),
                ..Default::default()
            };
            let rule_handle = s.add(&format!("{id}Rule{priority}"), properties);
            rule.service.attach(&mut s, &Entrance { rule: Some(rule_handle), ..entrance.clone() });
        }
        handle
    }

    /// A listener of this load balancer, without its default action.
    pub(crate) fn listener(
        &self,
        port: Port,
        certificate: Option<Value<Arn<acm::Certificate>>>,
    ) -> elbv2::Listener {
        elbv2::Listener {
            load_balancer_arn: Some(self.resource.into()),
            port: Some(port.number().into()),
            protocol: Some(if certificate.is_some() { "HTTPS" } else { "HTTP" }.into()),
            ssl_policy: certificate.is_some().then(|| TLS_POLICY.into()),
            certificates: certificate
                .map(|arn| vec![elbv2::listener::Certificate { certificate_arn: Some(arn) }]),
            ..Default::default()
        }
    }
}

fn action(action: &Action) -> elbv2::listener::Action {
    match action {
        Action::Forward(service) => elbv2::listener::Action {
            r#type: Some("forward".into()),
            target_group_arn: service.target_group().map(Value::from),
            ..Default::default()
        },
        Action::RedirectToHttps => elbv2::listener::Action {
            r#type: Some("redirect".into()),
            redirect_config: Some(elbv2::listener::RedirectConfig {
                protocol: Some("HTTPS".into()),
                port: Some("443".into()),
                status_code: Some("HTTP_301".into()),
                ..Default::default()
            }),
            ..Default::default()
        },
        Action::NotFound => elbv2::listener::Action {
            r#type: Some("fixed-response".into()),
            fixed_response_config: Some(elbv2::listener::FixedResponseConfig {
                status_code: Some("404".into()),
                ..Default::default()
            }),
            ..Default::default()
        },
    }
}
