//! The stack `DocuThinkerStack`: network, front door, cluster and the two services.

use constructs::{
    Alb, Cluster, FargateService, FileSystem, Image, Listener, LogGroup, Port, RemovalPolicy, Repository,
    ScalingTarget, Scope, SecretValue, Stack, Vpc, aws, port, sub,
};

use crate::foundation::Foundation;
use crate::plan::{NetworkPlan, Plan, ServicePlan};

/// What the stack is built from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The settings, understood.
    pub plan: Plan,
    /// Where images and secrets come from.
    pub foundation: Foundation,
}

/// The stack `DocuThinkerStack`.
#[derive(Debug, Clone)]
pub struct DocuThinker {
    /// Node.js and Express.
    pub backend: FargateService,
    /// Python and FastAPI.
    pub ai_ml: FargateService,
}

impl Stack for DocuThinker {
    type Settings = Inputs;

    fn build(s: &mut Scope<'_>, inputs: &Inputs) -> DocuThinker {
        let Inputs { plan, foundation } = inputs;
        let vpc = network(s, plan);
        let cluster = Cluster::named("Cluster")
            .cluster_name(format!("{}-cluster", plan.name))
            .insights(plan.insights)
            .build(s);
        let alb = Alb::named("Alb")
            .vpc(&vpc)
            .name(format!("{}-alb", plan.name))
            .deletion_protection(plan.deletion_protection)
            .build(s);
        let place = Place { plan, vpc: &vpc, cluster };
        let backend = backend(s, &place, foundation);
        let ai_ml = ai_ml(s, &place, foundation);
        open_front_door(s, plan, &alb, &backend, &ai_ml);
        outputs(s, plan, &alb, cluster);
        DocuThinker { backend, ai_ml }
    }
}

fn network(s: &mut Scope<'_>, plan: &Plan) -> Vpc {
    let (cidr, tiers, zones, nat, endpoints, flow_logs) = match &plan.network {
        NetworkPlan::Existing(vpc) => return vpc.clone(),
        NetworkPlan::Own { cidr, tiers, zones, nat, endpoints, flow_logs } => {
            (cidr, tiers, zones, nat, endpoints, flow_logs)
        }
    };
    let vpc = Vpc::named("Vpc")
        .cidr(*cidr)
        .tiers(tiers.iter().cloned())
        .zones(zones.iter().copied())
        .nat(*nat)
        .name(format!("{}-vpc", plan.name))
        .build(s);
    vpc.add_s3_endpoint(s, "S3Endpoint");
    if !endpoints.is_empty() {
        vpc.add_interface_endpoints(s, "Endpoints", endpoints.iter().copied());
    }
    if *flow_logs {
        // Traffic records are for looking back, not for keeping: they go with the network.
        vpc.add_flow_log(s, "FlowLog", plan.retention, RemovalPolicy::Delete);
    }
    vpc
}

/// Where services are put.
struct Place<'a> {
    plan: &'a Plan,
    vpc: &'a Vpc,
    cluster: Cluster,
}

fn backend(s: &mut Scope<'_>, place: &Place<'_>, foundation: &Foundation) -> FargateService {
    let plan = &place.plan.backend;
    let keys = &foundation.secrets;
    FargateService::named("Backend")
        .cluster(place.cluster)
        .vpc(place.vpc)
        .service_name("backend-service")
        .family(format!("{}-backend", place.plan.name))
        .container_name("backend")
        .image(image(foundation.backend_images, &plan.image))
        .size(plan.size)
        .architecture(plan.architecture)
        .launch(plan.launch)
        .port(plan.port)
        .health_check(plan.health_check.clone())
        .target_group_name(place.target_group_name("backend-tg", plan.port, port!(5000)))
        .environment(environment(
            plan,
            [("NODE_ENV", "production".to_owned()), ("PORT", plan.port.to_string())],
        ))
        .secrets([
            ("OPENAI_API_KEY", &keys.openai),
            ("ANTHROPIC_API_KEY", &keys.anthropic),
            ("GOOGLE_API_KEY", &keys.google),
            ("MONGODB_URI", &keys.mongodb),
            ("REDIS_URL", &keys.redis),
        ])
        .log_group(place.log_group(s, "BackendLogs", "backend"))
        .scale(plan.scaling.min..=plan.scaling.max, scaling_targets(plan))
        .build(s)
}

fn ai_ml(s: &mut Scope<'_>, place: &Place<'_>, foundation: &Foundation) -> FargateService {
    let plan = &place.plan.ai_ml;
    let keys = &foundation.secrets;
    let mut variables = vec![("PORT", plan.port.to_string())];
    let mut secrets: Vec<(&str, SecretValue)> = vec![
        ("OPENAI_API_KEY", (&keys.openai).into()),
        ("ANTHROPIC_API_KEY", (&keys.anthropic).into()),
        ("GOOGLE_API_KEY", (&keys.google).into()),
    ];
    if place.plan.sync_graph {
        variables.push(("DOCUTHINKER_SYNC_GRAPH", "true".to_owned()));
        secrets.push(("DOCUTHINKER_NEO4J_URI", (&keys.neo4j).into()));
    }
    let mut mounts = Vec::new();
    if let Some(folder) = &place.plan.chroma_dir {
        variables.push(("DOCUTHINKER_SYNC_VECTOR", "true".to_owned()));
        variables.push(("DOCUTHINKER_CHROMA_DIR", folder.clone()));
        let store = FileSystem::named("Chroma")
            .vpc(place.vpc)
            .path("/chroma")
            .removal_policy(place.plan.removal)
            .build(s);
        mounts.push(store.mount(folder));
    }
    FargateService::named("AiMl")
        .cluster(place.cluster)
        .vpc(place.vpc)
        .service_name("aiml-service")
        .family(format!("{}-ai-ml", place.plan.name))
        .container_name("ai-ml")
        .image(image(foundation.ai_ml_images, &plan.image))
        .size(plan.size)
        .architecture(plan.architecture)
        .launch(plan.launch)
        .port(plan.port)
        .health_check(plan.health_check.clone())
        .target_group_name(place.target_group_name("aiml-tg", plan.port, port!(8000)))
        .environment(environment(plan, variables))
        .secrets(secrets)
        .mounts(mounts)
        .log_group(place.log_group(s, "AiMlLogs", "ai-ml"))
        .scale(plan.scaling.min..=plan.scaling.max, scaling_targets(plan))
        .build(s)
}

impl Place<'_> {
    /// Production keeps the plain name; the names of other environments begin with theirs.
    fn name(&self, name: &str) -> String {
        match self.plan.name.strip_prefix("docuthinker") {
            Some("") => name.to_owned(),
            Some(rest) => format!("{}-{name}", rest.trim_start_matches('-')),
            None => format!("{}-{name}", self.plan.name),
        }
    }

    /// A target group's port and network cannot be changed, and a second group cannot take the name while the
    /// first one is being replaced: what differs from the usual is part of the name.
    fn target_group_name(&self, name: &str, port: Port, usual: Port) -> String {
        let port = if port == usual { String::new() } else { format!("-{port}") };
        let network = if self.vpc.resource.is_some() { "" } else { "-existing" };
        self.name(&format!("{name}{port}{network}"))
    }

    fn log_group(&self, s: &mut Scope<'_>, id: &str, service: &str) -> LogGroup {
        LogGroup::named(id)
            .name(format!("/ecs/{}-{service}", self.plan.name))
            .retention(self.plan.retention)
            .removal_policy(self.plan.removal)
            .build(s)
    }
}

fn image(repository: Repository, tag_or_digest: &str) -> Image {
    if tag_or_digest.starts_with("sha256:") {
        repository.digest(tag_or_digest)
    } else {
        repository.tag(tag_or_digest)
    }
}

/// The service's own variables, and those of the settings, which win.
fn environment<'a>(
    plan: &ServicePlan,
    own: impl IntoIterator<Item = (&'a str, String)>,
) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = own
        .into_iter()
        .filter(|(name, _)| !plan.environment.contains_key(*name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    variables.extend(plan.environment.clone());
    variables
}

fn scaling_targets(plan: &ServicePlan) -> [ScalingTarget; 3] {
    let scaling = &plan.scaling;
    [
        ScalingTarget::cpu(scaling.cpu),
        ScalingTarget::memory(scaling.memory),
        ScalingTarget::requests(scaling.requests),
    ]
}

/// Port 80 (or 443, to which 80 then redirects) for the backend, and one more for the AI and machine-learning
/// service.
fn open_front_door(
    s: &mut Scope<'_>,
    plan: &Plan,
    alb: &Alb,
    backend: &FargateService,
    ai_ml: &FargateService,
) {
    match &plan.certificate {
        None => {
            alb.listen(s, Listener::http(port!(80)).forward(backend));
            alb.listen(s, Listener::http(plan.ai_ml_port).forward(ai_ml));
        }
        Some(certificate) => {
            alb.listen(s, Listener::http(port!(80)).redirect_to_https());
            alb.listen(s, Listener::https(port!(443), certificate.clone()).forward(backend));
            alb.listen(s, Listener::https(plan.ai_ml_port, certificate.clone()).forward(ai_ml));
        }
    }
}

fn outputs(s: &mut Scope<'_>, plan: &Plan, alb: &Alb, cluster: Cluster) {
    let scheme = if plan.certificate.is_some() { "https" } else { "http" };
    let ai_ml_port: Port = plan.ai_ml_port;
    s.output("BackendURL", sub!("{}://{}", scheme, alb.dns_name()), "Address of the backend");
    s.output(
        "AIMLURL",
        sub!("{}://{}:{}", scheme, alb.dns_name(), ai_ml_port.number()),
        "Address of the AI and machine-learning service",
    );
    let export = sub!("{}:ClusterName", aws::stack_name());
    s.exported_output("ClusterName", cluster.name(), "Name of the ECS cluster", export);
}
