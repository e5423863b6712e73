//! The load balancer and its name, understood.

use constructs::l1::acm::Certificate;
use constructs::l1::route53::HostedZoneId;
use constructs::{Arn, DomainName, FailoverRole, Port, Value, port};

use crate::settings::{DomainSettings, Failover, LoadBalancerSettings, Settings, Strategy};

use super::Reader;
use super::waf::WafPlan;

/// The load balancer, understood.
#[derive(Debug, Clone)]
pub struct FrontDoorPlan {
    /// The certificate that exists, if one is named.
    pub certificate: Option<Value<Arn<Certificate>>>,
    /// The name under which callers reach the load balancer, if it has one.
    pub domain: Option<DomainPlan>,
    /// Whether the load balancer refuses to be deleted.
    pub deletion_protection: bool,
    /// The load balancer's port for the AI and machine-learning service, where no rule leads to it.
    pub ai_ml_port: Port,
    /// Paths that lead to the AI and machine-learning service.
    pub ai_ml_paths: Vec<String>,
    /// Names that lead to the AI and machine-learning service.
    pub ai_ml_hosts: Vec<DomainName>,
    /// Whether requests are recorded.
    pub access_logs: bool,
    /// The firewall, if there is one.
    pub waf: Option<WafPlan>,
}

/// The name under which callers reach the load balancer, understood.
#[derive(Debug, Clone)]
pub struct DomainPlan {
    /// The name.
    pub name: DomainName,
    /// Other names of the certificate.
    pub alternative_names: Vec<DomainName>,
    /// Where its record and that of the certificate go, if that is ours to do.
    pub zone: Option<Value<HostedZoneId>>,
    /// Which of two regions answers to it; none if there is only one.
    pub failover: Option<FailoverRole>,
}

impl FrontDoorPlan {
    /// Whether callers are served over HTTPS.
    pub fn https(&self) -> bool {
        self.certificate.is_some() || self.zone().is_some()
    }

    /// The domain and its hosted zone, if records are made.
    pub fn zone(&self) -> Option<(&DomainPlan, &Value<HostedZoneId>)> {
        let domain = self.domain.as_ref()?;
        Some((domain, domain.zone.as_ref()?))
    }

    /// Whether rules of the backend's listener lead to the AI and machine-learning service.
    pub fn ai_ml_by_rule(&self) -> bool {
        !self.ai_ml_paths.is_empty() || !self.ai_ml_hosts.is_empty()
    }

    /// The port that is opened for the AI and machine-learning service, if it needs one.
    pub fn ai_ml_listener(&self) -> Option<Port> {
        (!self.ai_ml_by_rule()).then_some(self.ai_ml_port)
    }

    /// Whether the domain's record is one of two regions'.
    pub fn fails_over(&self) -> bool {
        self.zone().is_some_and(|(domain, _)| domain.failover.is_some())
    }

    /// The names that get a record: the domain's, and those of services below it.
    pub fn names(&self) -> Vec<&DomainName> {
        let Some(domain) = &self.domain else { return Vec::new() };
        let below = self.ai_ml_hosts.iter().filter(|host| host.is_below(&domain.name));
        [&domain.name].into_iter().chain(below).collect()
    }
}

impl Reader<'_> {
    pub(super) fn front_door(&mut self, settings: &Settings) -> FrontDoorPlan {
        let load_balancer = &settings.load_balancer;
        let plan = FrontDoorPlan {
            certificate: self.certificate(settings),
            domain: self.domain(settings),
            deletion_protection: load_balancer.deletion_protection,
            ai_ml_port: self.unit(
                "load_balancer.ai_ml_port",
                Port::new(load_balancer.ai_ml_port.into()),
                port!(8080),
            ),
            ai_ml_paths: self.paths(load_balancer),
            ai_ml_hosts: self.domain_names("load_balancer.ai_ml_hosts", &load_balancer.ai_ml_hosts),
            access_logs: load_balancer.access_logs,
            waf: self.waf(settings),
        };
        let taken = plan.ai_ml_listener().is_some_and(|port| [80, 443].contains(&port.number()));
        self.refuse_if(
            taken,
            "load_balancer.ai_ml_port",
            format_args!("port {} is taken by the backend", load_balancer.ai_ml_port),
            "these are the backend's; choose another port, for example 8080",
        );
        let shifts = settings.ai_ml.deployment.strategy != Strategy::Rolling;
        self.refuse_if(
            shifts && !plan.ai_ml_paths.is_empty() && !plan.ai_ml_hosts.is_empty(),
            "load_balancer.ai_ml_hosts",
            "`load_balancer.ai_ml_paths` and `load_balancer.ai_ml_hosts` make two rules, but \
             `ai_ml.deployment.strategy` shifts what one rule sends",
            "leave one of the two out, or deploy the service rolling",
        );
        self.hosts(&plan);
        self.failover(settings);
        plan
    }

    fn domain(&mut self, settings: &Settings) -> Option<DomainPlan> {
        let domain = settings.domain.as_ref()?;
        let key = "domain.hosted_zone_id";
        let given = settings.load_balancer.certificate_arn.is_some();
        self.refuse_if(
            domain.hosted_zone_id.is_none() && !given,
            key,
            format_args!(
                "`domain.name` is {}, but neither `domain.hosted_zone_id` nor `load_balancer.certificate_arn` is set",
                domain.name
            ),
            "name the hosted zone, in which a certificate is validated, or a certificate that exists",
        );
        self.refuse_if(
            given && !domain.alternative_names.is_empty(),
            "domain.alternative_names",
            "`domain.alternative_names` are for a certificate that is made, but `load_balancer.certificate_arn` names \
             one that exists",
            "leave one of the two out",
        );
        if let Some(id) = &domain.hosted_zone_id {
            self.hosted_zone(key, id);
        }
        self.domain_plan(domain, settings.failover)
    }

    fn domain_plan(&mut self, domain: &DomainSettings, failover: Option<Failover>) -> Option<DomainPlan> {
        let mut names = self.domain_names("domain.name", std::slice::from_ref(&domain.name));
        let wildcard = names.first().is_some_and(|name| name.wildcard_of().is_some());
        let message = format_args!("`{}` is not one name", domain.name);
        self.refuse_if(
            wildcard,
            "domain.name",
            message,
            "name one under which callers come, and the wildcard in `domain.alternative_names`",
        );
        let long = domain.name.len() > 64;
        let message = format_args!("`{}` has {} characters", domain.name, domain.name.len());
        self.refuse_if(long, "domain.name", message, "a certificate's first name has 64 at most");
        let alternative_names = self.domain_names("domain.alternative_names", &domain.alternative_names);
        Some(DomainPlan {
            name: names.pop().filter(|_| !long)?,
            alternative_names,
            zone: domain.hosted_zone_id.as_ref().map(Value::known),
            failover: failover.map(|failover| match failover {
                Failover::Primary => FailoverRole::Primary,
                Failover::Secondary => FailoverRole::Secondary,
            }),
        })
    }

    /// The names that can be read, each once; each of the others is reported.
    fn domain_names(&mut self, key: &str, texts: &[String]) -> Vec<DomainName> {
        let mut names = Vec::with_capacity(texts.len());
        for text in texts {
            match DomainName::new(text) {
                Ok(name) => {
                    let twice = names.contains(&name);
                    self.refuse_if(twice, key, format_args!("`{text}` is named twice"), "name it once");
                    names.extend((!twice).then_some(name));
                }
                Err(error) => self.app.refuse_setting(key, error.to_string(), error.hint()),
            }
        }
        names
    }

    /// A rule takes five patterns, each of 128 characters at most, of which some have a meaning of their own.
    ///
    /// Source: [Condition types for listener rules][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
    fn paths(&mut self, load_balancer: &LoadBalancerSettings) -> Vec<String> {
        let paths = &load_balancer.ai_ml_paths;
        let key = "load_balancer.ai_ml_paths";
        let is_path = |path: &str| {
            path.starts_with('/')
                && path.len() <= 128
                && path.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(c))
        };
        for path in paths.iter().filter(|path| !is_path(path)) {
            let hint = "begin with a slash, and use letters, digits and _-.$/~\"'@:+&, `*` for any text, `?` for \
                        any character";
            self.refuse_if(true, key, format_args!("`{path}` is not a path"), hint);
        }
        let all = paths.iter().any(|path| path == "/*" || path == "*");
        self.refuse_if(
            all,
            key,
            "`/*` leaves nothing to the backend",
            "name the paths of the AI and machine-learning service, for example `/ai/*`",
        );
        self.refuse_if(
            paths.len() > 5,
            key,
            format_args!("{} paths are more than a rule takes", paths.len()),
            "name 5 at most, with `*` for what they have in common",
        );
        paths.clone()
    }

    /// Hosts must not take the backend's name, and must be served with a certificate that is theirs.
    fn hosts(&mut self, plan: &FrontDoorPlan) {
        let key = "load_balancer.ai_ml_hosts";
        let hosts = &plan.ai_ml_hosts;
        self.refuse_if(
            hosts.len() > 5,
            key,
            format_args!("{} names are more than a rule takes", hosts.len()),
            "name 5 at most",
        );
        let Some(domain) = &plan.domain else { return };
        for host in hosts {
            self.refuse_if(
                host.covers(&domain.name),
                key,
                format_args!("`{host}` would take the name in `domain.name` from the backend"),
                "name another one, for example one below it",
            );
            let covered =
                [&domain.name].into_iter().chain(&domain.alternative_names).any(|name| name.covers(host));
            self.refuse_if(
                plan.certificate.is_none() && domain.zone.is_some() && !covered,
                key,
                format_args!("the certificate is not for `{host}`"),
                "add it to `domain.alternative_names`",
            );
        }
    }

    /// Two regions share a name only where each has its record made.
    fn failover(&mut self, settings: &Settings) {
        let Some(failover) = settings.failover else { return };
        let role = match failover {
            Failover::Primary => "primary",
            Failover::Secondary => "secondary",
        };
        let (missing, hint) = match &settings.domain {
            None => ("domain", "give both regions the same `domain`, or leave `failover` out"),
            Some(domain) if domain.hosted_zone_id.is_none() => (
                "domain.hosted_zone_id",
                "name the hosted zone, in which the two regions' records are made, or leave `failover` out",
            ),
            Some(_) => return,
        };
        let message = format_args!("`failover` is {role}, but `{missing}` is not set");
        self.refuse_if(true, "failover", message, hint);
    }

    fn certificate(&mut self, settings: &Settings) -> Option<Value<Arn<Certificate>>> {
        let arn = settings.load_balancer.certificate_arn.as_ref()?;
        let key = "load_balancer.certificate_arn";
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "acm", region, _, _] if region == settings.region => Some(Value::known(arn)),
            ["arn", _, "acm", region, _, _] => {
                let message =
                    format!("the certificate is in {region}, the load balancer in {}", settings.region);
                self.app.refuse_setting(
                    key,
                    message,
                    "a load balancer takes certificates of its own region only",
                );
                None
            }
            _ => {
                let message = format!("`{arn}` is not the ARN of a certificate");
                self.app.refuse_setting(
                    key,
                    message,
                    "it looks like `arn:aws:acm:us-east-1:123456789012:certificate/…`",
                );
                None
            }
        }
    }
}
