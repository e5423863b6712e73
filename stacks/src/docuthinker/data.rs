//! What holds the stack's data.

use constructs::{
    Cache, DocumentDb, Egress, FargateService, FileSystem, Mount, Neptune, RemovalPolicy, Scope,
    SecurityGroup,
};

use super::services::Place;
use super::watch::back_up;

/// The files of the vector store, at `folder` in the container.
pub(super) fn vector_store(s: &mut Scope<'_>, place: &Place<'_>, folder: &str) -> Mount {
    let plan = place.plan;
    let files = FileSystem::named("Chroma")
        .vpc(place.vpc)
        .path("/chroma")
        .automatic_backups(plan.watch.backup.is_none())
        .maybe_key(place.key)
        .maybe_replica(plan.foundation.file_replica.clone())
        .removal_policy(plan.removal)
        .build(s);
    back_up(s, plan, &files, place.key);
    if plan.data.shared_writers { files.mount(folder).shared() } else { files.mount(folder) }
}

/// The databases that the stack makes, and the group of those that it does not; both services reach them, and nobody
/// else does.
pub(super) fn databases(
    s: &mut Scope<'_>,
    place: &Place<'_>,
    backend: &FargateService,
    ai_ml: &FargateService,
) {
    let services = [&backend.security_group, &ai_ml.security_group];
    document_db(s, place, services);
    redis(s, place, services);
    if let Some(graph) = neptune(s, place, services) {
        graph.grant_query(s, ai_ml.task_definition.task_role);
    }
    if !place.plan.data.database_ports.is_empty() {
        let group = SecurityGroup::named("DatabaseSecurityGroup")
            .vpc(place.vpc)
            .description("databases of the network")
            .egress(Egress::Connected)
            .build(s);
        for port in &place.plan.data.database_ports {
            for service in services {
                service.connect(s, &group, *port, "queries of the services");
            }
        }
        s.output(
            "DatabaseSecurityGroup",
            group.id(),
            "Group that databases of the network become members of",
        );
    }
}

fn document_db(s: &mut Scope<'_>, place: &Place<'_>, services: [&SecurityGroup; 2]) {
    let Some(store) = &place.plan.data.document_db else { return };
    let database = DocumentDb::named("DocumentDb")
        .vpc(place.vpc)
        .instance_class(&store.instance_class)
        .instances(store.instances)
        .backup_retention_days(store.backup_retention_days)
        .maybe_key(place.key)
        .deletion_protection(place.plan.data.deletion_protection)
        .removal_policy(last_snapshot(place))
        .build(s);
    for service in services {
        database.allow_from(s, service);
    }
    s.output("DocumentDbEndpoint", database.endpoint(), "Host of the document database, port 27017, TLS");
}

fn redis(s: &mut Scope<'_>, place: &Place<'_>, services: [&SecurityGroup; 2]) {
    let Some(store) = &place.plan.data.redis else { return };
    let cache = Cache::named("Redis")
        .vpc(place.vpc)
        .node_type(&store.node_type)
        .nodes(store.nodes)
        .maybe_key(place.key)
        .retention(place.plan.watch.retention)
        .removal_policy(last_snapshot(place))
        .build(s);
    for service in services {
        cache.allow_from(s, service);
    }
    s.output("RedisEndpoint", cache.endpoint(), "Host of the cache, port 6379, TLS");
    s.output("RedisPassword", cache.password.reference(), "Secret that holds the password of the cache");
}

fn neptune(s: &mut Scope<'_>, place: &Place<'_>, services: [&SecurityGroup; 2]) -> Option<Neptune> {
    let store = place.plan.data.neptune.as_ref()?;
    let graph = Neptune::named("Neptune")
        .vpc(place.vpc)
        .instance_class(&store.instance_class)
        .instances(store.instances)
        .backup_retention_days(store.backup_retention_days)
        .maybe_key(place.key)
        .deletion_protection(place.plan.data.deletion_protection)
        .removal_policy(last_snapshot(place))
        .build(s);
    for service in services {
        graph.allow_from(s, service);
    }
    s.output("NeptuneEndpoint", graph.endpoint(), "Host of the graph database, port 8182, TLS");
    Some(graph)
}

/// What is kept of a database is a snapshot: a cluster that stayed would keep its network from being deleted.
fn last_snapshot(place: &Place<'_>) -> RemovalPolicy {
    match place.plan.removal {
        RemovalPolicy::Delete => RemovalPolicy::Delete,
        _ => RemovalPolicy::Snapshot,
    }
}
