//! Settings of what holds data beside the secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the AI and machine-learning service writes beside its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SyncSettings {
    /// Whether documents are written to the knowledge graph, whose address is the secret `neo4j`.
    pub graph: bool,
    /// Whether documents are written to the vector store; needs the folder that it lies in.
    pub vector: bool,
    /// The folder of the vector store.
    #[schemars(regex(pattern = r"^/"))]
    pub chroma_dir: Option<String>,
    /// Whether several tasks may write to the vector store at once. Default: yes, since the architecture has two
    /// tasks at least. Chroma keeps its files with `SQLite`, whose locks do not hold over a network: the service must
    /// keep the writes of its tasks apart, or the store may be damaged. Where it cannot, set this to false, and
    /// `ai_ml.scaling.max` to 1.
    pub shared_writers: bool,
}

impl Default for SyncSettings {
    fn default() -> SyncSettings {
        SyncSettings {
            graph: true,
            vector: true,
            chroma_dir: Some("/mnt/efs/chroma".to_owned()),
            shared_writers: true,
        }
    }
}

/// Databases that the stack makes. Default: none; they are reached at the addresses in the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {}
