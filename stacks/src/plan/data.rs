//! What holds data beside the secrets, understood.

use crate::settings::Settings;

use super::Reader;

/// What holds data beside the secrets, understood.
#[derive(Debug, Clone)]
pub struct DataPlan {
    /// Whether documents are written to the knowledge graph.
    pub sync_graph: bool,
    /// The folder of the vector store, if documents are written to it.
    pub chroma_dir: Option<String>,
}

impl Reader<'_> {
    pub(super) fn data(&mut self, settings: &Settings) -> DataPlan {
        DataPlan { sync_graph: settings.sync.graph, chroma_dir: self.chroma_dir(settings) }
    }

    /// Writing to the vector store needs the folder that it lies in (R125).
    fn chroma_dir(&mut self, settings: &Settings) -> Option<String> {
        if !settings.sync.vector {
            return None;
        }
        let missing = settings.sync.chroma_dir.is_none();
        let hint = "set the folder, or switch `sync.vector` off";
        self.refuse_if(
            missing,
            "sync.chroma_dir",
            "`sync.vector` is on, but the vector store has no folder",
            hint,
        );
        settings.sync.chroma_dir.clone()
    }
}
