//! The portable template `fargate-service`: the two services for a network that exists, to be deployed by
//! anybody with CloudFormation alone.
//!
//! It has the parameters and the names of the template that DocuThinker's users know (R128 to R139), and what
//! that one lacked: a load balancer, log groups, and roles that can read the secrets.

use constructs::l1::ec2::{SubnetId, VpcId};
use constructs::{
    Alb, Cluster, FargateService, FileSystem, Image, Listener, LogGroup, Mount, Parameter, Role, Scope,
    Secret, Stack, TaskSize, TierKind, Value, Vpc, aws, port, repository, sub,
};

use crate::exceptions;

/// The stack `fargate-service`.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

/// The parameters, as values.
struct Parameters {
    vpc: Vpc,
    cluster_name: Value<String>,
    backend_image: Value<String>,
    ai_ml_image: Value<String>,
    backend_port: Value<i64>,
    ai_ml_port: Value<i64>,
    desired_count: Value<i64>,
    size: TaskSize,
    secrets_prefix: Value<String>,
}

impl Stack for Portable {
    type Settings = ();

    fn build(s: &mut Scope<'_>, (): &()) -> Portable {
        let parameters = Parameters::declare(s);
        let cluster = Cluster::named("Cluster").cluster_name(parameters.cluster_name.clone()).build(s);
        let alb = Alb::named("Alb").vpc(&parameters.vpc).build(s);
        let backend = backend(s, &parameters, cluster);
        let ai_ml = ai_ml(s, &parameters, cluster);
        alb.listen(s, Listener::http(port!(80)).forward(&backend));
        alb.listen(s, Listener::http(port!(8080)).forward(&ai_ml));
        s.output("BackendURL", sub!("http://{}", alb.dns_name()), "Address of the backend");
        s.output(
            "AIMLURL",
            sub!("http://{}:8080", alb.dns_name()),
            "Address of the AI and machine-learning service",
        );
        s.exported_output("ClusterName", cluster.name(), "Name of the ECS cluster", "DocuThinkerCluster");
        exceptions::accept(s);
        Portable
    }
}

impl Parameters {
    fn declare(s: &mut Scope<'_>) -> Parameters {
        let vpc_id: Value<VpcId> =
            s.parameter("VpcId", Parameter::vpc_id().description("The network that exists"));
        let subnets = Parameter::subnet_ids().description(
            "Public subnets of the network; the first two are used, and must be in different zones",
        );
        let subnets = s.parameter("PublicSubnets", subnets);
        let cluster_name = s.parameter(
            "ClusterName",
            Parameter::text().default("docuthinker-cluster").description("Name of the ECS cluster"),
        );
        let backend_image = s.parameter(
            "BackendImage",
            Parameter::text().description("Image of the backend, with tag or digest"),
        );
        let ai_ml_image = s.parameter(
            "AIMLImage",
            Parameter::text().description("Image of the AI and machine-learning service, with tag or digest"),
        );
        let port = |number: i64, text: &str| {
            Parameter::number().default(number).min_value(1).max_value(65_535).description(text)
        };
        let backend_port = s.parameter("ContainerPort", port(5000, "Port that the backend listens on"));
        let ai_ml_port =
            s.parameter("AIMLPort", port(8000, "Port that the AI and machine-learning service listens on"));
        let count = Parameter::number().default(2).min_value(0).description("Tasks of each service");
        let desired_count = s.parameter("DesiredCount", count);
        let cpu = Parameter::number()
            .default(512)
            .allowed_values([256, 512, 1024, 2048, 4096, 8192, 16384, 32768_i64])
            .description("CPU units of a task; 1024 are one vCPU");
        let cpu = s.parameter("CPU", cpu);
        let memory = Parameter::number()
            .default(1024)
            .min_value(512)
            .description("MiB of memory of a task; CPU decides which Fargate sells");
        let memory = s.parameter("Memory", memory);
        let prefix = Parameter::text()
            .default("docuthinker")
            .description("Beginning of the names of the secrets, which must exist");
        let secrets_prefix = s.parameter("SecretsPrefix", prefix);
        let two: [Value<SubnetId>; 2] = [subnets.item(0), subnets.item(1)];
        Parameters {
            vpc: Vpc::existing(vpc_id, [(TierKind::Public, two)]),
            cluster_name,
            backend_image,
            ai_ml_image,
            backend_port,
            ai_ml_port,
            desired_count,
            size: TaskSize::parameters(&cpu, &memory),
            secrets_prefix,
        }
    }

    fn secret(&self, s: &mut Scope<'_>, name: &str) -> Secret {
        Secret::existing_named(s, sub!("{}/{}", &self.secrets_prefix, name))
    }

    /// The secrets that both services read.
    fn keys(&self, s: &mut Scope<'_>) -> Vec<(&'static str, Secret)> {
        vec![
            ("OPENAI_API_KEY", self.secret(s, "openai")),
            ("ANTHROPIC_API_KEY", self.secret(s, "anthropic")),
            ("GOOGLE_API_KEY", self.secret(s, "google")),
        ]
    }
}

fn backend(s: &mut Scope<'_>, parameters: &Parameters, cluster: Cluster) -> FargateService {
    let mut secrets = parameters.keys(s);
    secrets.push(("MONGODB_URI", parameters.secret(s, "mongodb")));
    secrets.push(("REDIS_URL", parameters.secret(s, "redis")));
    let log_group = LogGroup::named("BackendLogs").build(s);
    let service = FargateService::named("Backend")
        .cluster(cluster)
        .vpc(&parameters.vpc)
        .container_name("backend")
        .image(Image::registry(parameters.backend_image.clone()))
        .size(parameters.size.clone())
        .port(&parameters.backend_port)
        .health_check("/health")
        .environment([("NODE_ENV", Value::from("production")), ("PORT", parameters.backend_port.text())])
        .secrets(secrets.iter().map(|(name, secret)| (*name, secret)))
        .log_group(log_group)
        .desired_count(parameters.desired_count.clone())
        .build(s);
    grant_pull(s, service.task_definition.execution_role);
    service
}

fn ai_ml(s: &mut Scope<'_>, parameters: &Parameters, cluster: Cluster) -> FargateService {
    let mut secrets = parameters.keys(s);
    secrets.push(("DOCUTHINKER_NEO4J_URI", parameters.secret(s, "neo4j")));
    let folder = "/mnt/efs/chroma";
    let store: Mount =
        FileSystem::named("Chroma").vpc(&parameters.vpc).path("/chroma").build(s).mount(folder).shared();
    let log_group = LogGroup::named("AIMLLogs").build(s);
    let service = FargateService::named("AIML")
        .cluster(cluster)
        .vpc(&parameters.vpc)
        .container_name("ai-ml")
        .image(Image::registry(parameters.ai_ml_image.clone()))
        .size(parameters.size.clone())
        .port(&parameters.ai_ml_port)
        .health_check("/health")
        .environment([
            ("PORT", parameters.ai_ml_port.text()),
            ("DOCUTHINKER_SYNC_GRAPH", "true".into()),
            ("DOCUTHINKER_SYNC_VECTOR", "true".into()),
            ("DOCUTHINKER_CHROMA_DIR", folder.into()),
        ])
        .secrets(secrets.iter().map(|(name, secret)| (*name, secret)))
        .mounts([store])
        .log_group(log_group)
        .desired_count(parameters.desired_count.clone())
        .build(s);
    grant_pull(s, service.task_definition.execution_role);
    service
}

/// Which repository the image lies in is known only to whoever deploys: all of this account and region.
fn grant_pull(s: &mut Scope<'_>, role: Role) {
    let repositories =
        sub!("arn:{}:ecr:{}:{}:repository/*", aws::partition(), aws::region(), aws::account_id());
    repository::grant_pull(s, role, repositories);
}
