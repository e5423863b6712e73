//! What holds data beside the secrets, understood.

use constructs::{Port, port};

use crate::settings::{CacheStore, ClusterStore, NetworkMode, Settings};

use super::Reader;

/// What holds data beside the secrets, understood.
#[derive(Debug, Clone)]
pub struct DataPlan {
    /// Whether documents are written to the knowledge graph.
    pub sync_graph: bool,
    /// Where the vector store is, if documents are written to it.
    pub vector_store: Option<VectorStore>,
    /// Whether several tasks may write to the vector store at once.
    pub shared_writers: bool,
    /// A database that speaks MongoDB's protocol, if the stack makes one.
    pub document_db: Option<ClusterStore>,
    /// A cache, if the stack makes one.
    pub redis: Option<CacheStore>,
    /// A graph database, if the stack makes one.
    pub neptune: Option<ClusterStore>,
    /// The ports of databases that others put into the network; none if there are no such.
    pub database_ports: Vec<Port>,
    /// Whether databases can be deleted only after that was allowed.
    pub deletion_protection: bool,
}

/// Where the vector store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VectorStore {
    /// In a file system, which containers see at this folder.
    Files(String),
    /// Where the secret says.
    Elsewhere,
}

impl Reader<'_> {
    pub(super) fn data(&mut self, settings: &Settings) -> DataPlan {
        self.writers(settings);
        DataPlan {
            sync_graph: settings.sync.graph,
            vector_store: self.vector_store(settings),
            // What was refused is not warned about as well.
            shared_writers: settings.sync.shared_writers || settings.ai_ml.scaling.max > 1,
            document_db: self.database("document_db", settings.data.document_db.as_ref(), settings),
            redis: self.cache(settings),
            neptune: self.database("neptune", settings.data.neptune.as_ref(), settings),
            database_ports: self.database_ports(settings),
            deletion_protection: settings.deletion_protection,
        }
    }

    /// What was refused is not built, so that it is reported once.
    fn database(
        &mut self,
        name: &str,
        store: Option<&ClusterStore>,
        settings: &Settings,
    ) -> Option<ClusterStore> {
        let store = store?;
        let key = format!("data.{name}");
        let small = self.store_size(&format!("{key}.instance_class"), &store.instance_class, "db.");
        let right = self.within(&format!("{key}.instances"), store.instances, 16)
            & self.within(&format!("{key}.backup_retention_days"), store.backup_retention_days, 35)
            & small
            & self.stands(&key, settings);
        right.then(|| store.clone())
    }

    fn cache(&mut self, settings: &Settings) -> Option<CacheStore> {
        let store = settings.data.redis.as_ref()?;
        let right = self.store_size("data.redis.node_type", &store.node_type, "cache.")
            & self.within("data.redis.nodes", store.nodes, 6)
            & self.stands("data.redis", settings);
        right.then(|| store.clone())
    }

    fn store_size(&mut self, key: &str, class: &str, prefix: &str) -> bool {
        let right = class.starts_with(prefix) && class.split('.').count() == 3;
        let wrong = format_args!("`{class}` is not a class of instances");
        self.refuse_if(!right, key, wrong, &format!("it looks like `{prefix}t4g.medium`"));
        right
    }

    fn within(&mut self, key: &str, number: u32, most: u32) -> bool {
        self.number(key, number, 1..=most, "") == number
    }

    /// Whether a database has somewhere to stand: never in public subnets, always in two zones.
    fn stands(&mut self, key: &str, settings: &Settings) -> bool {
        let network = &settings.network;
        let public = network.mode == NetworkMode::Public;
        let wrong = format_args!("`{key}` needs private subnets, but `network.mode` is public");
        let hint =
            "set `network.mode` to private, or keep the database outside and its address in the secret";
        self.refuse_if(public, key, wrong, hint);
        let (subnets, of) = match &network.existing {
            Some(existing) => (existing.private_subnets.len(), "network.existing.private_subnets"),
            None => (network.private_subnets.len(), "network.private_subnets"),
        };
        let few = !public && subnets < 2;
        let wrong = format_args!("`{key}` needs private subnets in two zones, but `{of}` names {subnets}");
        self.refuse_if(few, key, wrong, "name two, each in a zone of its own");
        !public && !few
    }

    fn database_ports(&mut self, settings: &Settings) -> Vec<Port> {
        let Some(group) = &settings.data.security_group else { return Vec::new() };
        let key = "data.security_group.ports";
        let wrong = "the security group for databases lets in no port";
        self.refuse_if(group.ports.is_empty(), key, wrong, "name the databases' ports: [27017, 6379]");
        let mut ports = Vec::new();
        for (index, number) in group.ports.iter().enumerate() {
            let port = self.unit(&format!("{key}[{index}]"), Port::new((*number).into()), port!(27017));
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        ports
    }

    fn writers(&mut self, settings: &Settings) {
        let tasks = settings.ai_ml.scaling.max;
        let wrong = format_args!(
            "`sync.shared_writers` is off, but `ai_ml.scaling.max` lets {tasks} tasks write to the vector store"
        );
        let several = settings.sync.has_one_writer() && tasks > 1;
        let hint = "lower `ai_ml.scaling` to one task, or let its tasks keep their writes apart and allow it";
        self.refuse_if(several, "sync.shared_writers", wrong, hint);
    }

    /// Writing to the vector store needs to know where it is (R125, C-07).
    fn vector_store(&mut self, settings: &Settings) -> Option<VectorStore> {
        let sync = &settings.sync;
        let why = if sync.vector { "`sync.chroma_secret` is on" } else { "`sync.vector` is off" };
        for (wanted, key) in [
            (settings.replication.as_ref().is_some_and(|replica| replica.files), "replication.files"),
            (settings.watch.backup.is_some(), "watch.backup"),
        ] {
            let wrong = format_args!("`{key}` is for the files of the vector store, but {why}");
            self.refuse_if(
                wanted && !sync.keeps_files(),
                key,
                wrong,
                "leave it out: the stack keeps no files",
            );
        }
        if !sync.vector {
            return None;
        }
        if sync.chroma_secret {
            let wrong = "`sync.chroma_secret` and `sync.chroma_dir` both say where the vector store is";
            let hint = "set `sync.chroma_dir` to null, or `sync.chroma_secret` to false";
            self.refuse_if(sync.chroma_dir.is_some(), "sync.chroma_secret", wrong, hint);
            return Some(VectorStore::Elsewhere);
        }
        let wrong = "`sync.vector` is on, but the vector store has no folder";
        let hint = "set the folder, or switch `sync.vector` off";
        self.refuse_if(sync.chroma_dir.is_none(), "sync.chroma_dir", wrong, hint);
        sync.chroma_dir.clone().map(VectorStore::Files)
    }
}
