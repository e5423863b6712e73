//! The two services.

use constructs::{
    Cluster, Exec, FargateService, Image, Key, LogGroup, Mount, Port, Repository, ScalingTarget, Scope,
    Secret, SecretValue, Value, Vpc, port,
};

use crate::foundation::Foundation;
use crate::plan::{PermissionPlan, Plan, ServicePlan, VectorStore};

use super::data::vector_store;

/// Where services are put.
pub(super) struct Place<'a> {
    pub(super) plan: &'a Plan,
    pub(super) vpc: &'a Vpc,
    pub(super) cluster: Cluster,
    pub(super) key: Option<Key>,
    pub(super) exec: Option<&'a Exec>,
}

/// Where sessions of ECS Exec are recorded, if there may be any.
pub(super) fn exec(s: &mut Scope<'_>, plan: &Plan, key: Option<Key>) -> Option<Exec> {
    if !plan.cluster.exec {
        return None;
    }
    let sessions = LogGroup::named("ExecLogs")
        .name(format!("/ecs/{}-exec", plan.name))
        .retention(plan.watch.retention)
        .maybe_key(key)
        .removal_policy(plan.removal)
        .build(s);
    let exec = Exec::logged_to(sessions);
    Some(match key.filter(|_| plan.cluster.encrypt_sessions) {
        Some(key) => exec.key(key.arn()),
        None => exec,
    })
}

/// What one of the services has and the other has not.
struct Own<'a> {
    id: &'static str,
    /// The container, and the end of the family's and the log group's name.
    name: &'static str,
    service_name: &'static str,
    /// The name of its target group, while it listens on this port.
    target_group: (&'static str, Port),
    plan: &'a ServicePlan,
    images: Repository,
    variables: Vec<(&'static str, String)>,
    secrets: Vec<(&'static str, SecretValue)>,
    mounts: Vec<Mount>,
}

pub(super) fn backend(s: &mut Scope<'_>, place: &Place<'_>, foundation: &Foundation) -> FargateService {
    let plan = &place.plan.backend;
    let keys = &foundation.secrets;
    let mut secrets = keys_of_both(foundation);
    secrets.extend([("MONGODB_URI", keys.mongodb.clone()), ("REDIS_URL", keys.redis.clone())]);
    let own = Own {
        id: "Backend",
        name: "backend",
        service_name: "backend-service",
        target_group: ("backend-tg", port!(5000)),
        plan,
        images: foundation.backend_images,
        variables: vec![("NODE_ENV", "production".to_owned()), ("PORT", plan.port.to_string())],
        secrets,
        mounts: Vec::new(),
    };
    service(s, place, own)
}

pub(super) fn ai_ml(s: &mut Scope<'_>, place: &Place<'_>, foundation: &Foundation) -> FargateService {
    let plan = &place.plan.ai_ml;
    let keys = &foundation.secrets;
    let mut variables = vec![("PORT", plan.port.to_string())];
    let mut secrets = keys_of_both(foundation);
    if place.plan.data.sync_graph {
        variables.push(("DOCUTHINKER_SYNC_GRAPH", "true".to_owned()));
        secrets.push(("DOCUTHINKER_NEO4J_URI", keys.neo4j.clone()));
    }
    let mut mounts = Vec::new();
    if let Some(store) = &place.plan.data.vector_store {
        variables.push(("DOCUTHINKER_SYNC_VECTOR", "true".to_owned()));
        match store {
            VectorStore::Files(folder) => {
                variables.push(("DOCUTHINKER_CHROMA_DIR", folder.clone()));
                mounts.push(vector_store(s, place, folder));
            }
            VectorStore::Elsewhere => secrets.push(("DOCUTHINKER_CHROMA_DIR", keys.chroma.clone())),
        }
    }
    let own = Own {
        id: "AiMl",
        name: "ai-ml",
        service_name: "aiml-service",
        target_group: ("aiml-tg", port!(8000)),
        plan,
        images: foundation.ai_ml_images,
        variables,
        secrets,
        mounts,
    };
    service(s, place, own)
}

fn keys_of_both(foundation: &Foundation) -> Vec<(&'static str, SecretValue)> {
    let keys = &foundation.secrets;
    vec![
        ("OPENAI_API_KEY", keys.openai.clone()),
        ("ANTHROPIC_API_KEY", keys.anthropic.clone()),
        ("GOOGLE_API_KEY", keys.google.clone()),
    ]
}

fn service(s: &mut Scope<'_>, place: &Place<'_>, own: Own<'_>) -> FargateService {
    let plan = own.plan;
    let (target_group, usual_port) = own.target_group;
    let secrets = own.secrets.into_iter().map(|(name, secret)| (name.to_owned(), secret));
    let secrets = secrets.chain(plan.secrets.iter().map(|(name, from)| (name.clone(), existing(from))));
    let service = FargateService::named(own.id)
        .cluster(place.cluster)
        .vpc(place.vpc)
        .service_name(own.service_name)
        .family(format!("{}-{}", place.plan.name, own.name))
        .container_name(own.name)
        .image(image(own.images, &plan.image))
        .size(plan.size)
        .architecture(plan.architecture)
        .launch(plan.launch)
        .port(plan.port)
        .maybe_health_command(plan.health_command.clone())
        .user(plan.user.as_str())
        .stop_timeout(plan.stop_timeout)
        .health_check(plan.health_check.clone())
        .health_check_grace_period(plan.grace_period)
        .deregistration_delay(plan.deregistration_delay)
        .maybe_sticky_for(plan.sticky_for)
        .maybe_slow_start(plan.slow_start)
        .target_group_name(place.target_group_name(target_group, plan.port, usual_port))
        .environment(environment(plan, own.variables))
        .secrets(secrets)
        .mounts(own.mounts)
        .log_group(place.log_group(s, &format!("{}Logs", own.id), own.name, plan))
        .maybe_tracing(place.plan.cluster.tracing)
        .maybe_exec(place.exec)
        .scale(plan.scaling.min..=plan.scaling.max, scaling_targets(plan))
        .cooldown(plan.cooldown)
        .deployment(plan.deployment.clone())
        .build(s);
    permit(s, &plan.permissions, &service);
    service
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

    fn log_group(&self, s: &mut Scope<'_>, id: &str, service: &str, plan: &ServicePlan) -> LogGroup {
        if let Some(name) = &plan.log_group {
            return LogGroup::existing(name);
        }
        LogGroup::named(id)
            .name(format!("/ecs/{}-{service}", self.plan.name))
            .retention(self.plan.watch.retention)
            .maybe_key(self.key)
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

fn existing((arn, field): &(String, Option<String>)) -> SecretValue {
    let secret = Secret::existing(Value::known(arn));
    field.as_ref().map_or_else(|| (&secret).into(), |field| secret.field(field))
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

fn scaling_targets(plan: &ServicePlan) -> Vec<ScalingTarget> {
    let scaling = &plan.scaling;
    let mut targets = vec![ScalingTarget::cpu(scaling.cpu), ScalingTarget::memory(scaling.memory)];
    targets.extend(scaling.requests.map(ScalingTarget::requests));
    targets
}

/// Lets the service's containers use what the settings name.
fn permit(s: &mut Scope<'_>, permissions: &PermissionPlan, service: &FargateService) {
    let role = service.task_definition.task_role;
    if permissions.objects {
        permissions.resources.grant_objects(s, role);
    }
    if permissions.tables {
        permissions.resources.grant_tables(s, role);
    }
    if permissions.queues {
        permissions.resources.grant_queues(s, role);
    }
}
