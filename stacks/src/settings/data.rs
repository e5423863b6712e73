//! Settings of what holds data beside the secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the AI and machine-learning service writes beside its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting that a file gives as yes or no")]
pub struct SyncSettings {
    /// Whether documents are written to the knowledge graph, whose address is the secret `neo4j`.
    pub graph: bool,
    /// Whether documents are written to the vector store; needs the folder that it lies in.
    pub vector: bool,
    /// The folder of the vector store.
    #[schemars(regex(pattern = r"^/"))]
    pub chroma_dir: Option<String>,
    /// Whether the secret `chroma` says instead where the vector store is, for example a server's address with its
    /// password. The stack then makes no file system. Default: no.
    pub chroma_secret: bool,
    /// Whether several tasks may write to the vector store at once. Default: yes, since the architecture has two
    /// tasks at least. Chroma keeps its files with `SQLite`, whose locks do not hold over a network: the service must
    /// keep the writes of its tasks apart, or the store may be damaged. Where it cannot, set this to false, and
    /// `ai_ml.scaling.max` to 1; a deployment then stops the old task before it starts the new one.
    pub shared_writers: bool,
}

impl SyncSettings {
    /// Whether the stack makes a file system for the vector store.
    pub fn keeps_files(&self) -> bool {
        self.vector && !self.chroma_secret
    }

    /// Whether only one task may ever write to the vector store.
    pub fn has_one_writer(&self) -> bool {
        self.keeps_files() && !self.shared_writers
    }
}

impl Default for SyncSettings {
    fn default() -> SyncSettings {
        SyncSettings {
            graph: true,
            vector: true,
            chroma_dir: Some("/mnt/efs/chroma".to_owned()),
            chroma_secret: false,
            shared_writers: true,
        }
    }
}

/// Databases that the stack makes. Default: none; they are reached at the addresses in the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// A database that speaks MongoDB's protocol, instead of MongoDB Atlas. Default: none.
    pub document_db: Option<ClusterStore>,
    /// A cache that speaks Redis's protocol. Default: none.
    pub redis: Option<CacheStore>,
    /// A graph database, instead of Neo4j Aura. Its queries must be signed, which Neo4j's own drivers do only with
    /// help. Default: none.
    pub neptune: Option<ClusterStore>,
    /// A security group for databases that others put into the network. Default: none.
    pub security_group: Option<DatabaseSecurityGroup>,
}

/// A database of several instances. What a container needs to reach it goes into its secret as before: the address
/// is an output of the stack, the password a secret that AWS makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterStore {
    /// CPU and memory of an instance. Default: the smallest.
    #[schemars(regex(pattern = r"^db\.[a-z0-9-]+\.[a-z0-9]+$"))]
    pub instance_class: String,
    /// How many instances. Default: 2, so that one may fail.
    #[schemars(range(min = 1, max = 16))]
    pub instances: u32,
    /// Days that the daily backups are kept. Default: 7, so that a mistake found after a weekend can be undone; AWS
    /// keeps them for 1 unless told.
    #[schemars(range(min = 1, max = 35))]
    pub backup_retention_days: u32,
}

impl Default for ClusterStore {
    fn default() -> ClusterStore {
        ClusterStore { instance_class: "db.t4g.medium".to_owned(), instances: 2, backup_retention_days: 7 }
    }
}

/// A cache. What a container needs to reach it goes into its secret as before: the address and where the password
/// is are outputs of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheStore {
    /// CPU and memory of a node. Default: the smallest.
    #[schemars(regex(pattern = r"^cache\.[a-z0-9-]+\.[a-z0-9]+$"))]
    pub node_type: String,
    /// How many nodes. Default: 2, so that one may fail.
    #[schemars(range(min = 1, max = 6))]
    pub nodes: u32,
}

impl Default for CacheStore {
    fn default() -> CacheStore {
        CacheStore { node_type: "cache.t4g.micro".to_owned(), nodes: 2 }
    }
}

/// A security group that lets in the two services and nobody else; databases of the network are then made members
/// of it by whoever owns them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSecurityGroup {
    /// The ports that are let in, for example 27017 for MongoDB.
    #[schemars(inner(range(min = 1, max = 65535)))]
    pub ports: Vec<u16>,
}
