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
    /// Whether several tasks may write to the vector store at once.
    pub shared_writers: bool,
}

impl Reader<'_> {
    pub(super) fn data(&mut self, settings: &Settings) -> DataPlan {
        self.writers(settings);
        DataPlan {
            sync_graph: settings.sync.graph,
            chroma_dir: self.chroma_dir(settings),
            // What was refused is not warned about as well.
            shared_writers: settings.sync.shared_writers || settings.ai_ml.scaling.max > 1,
        }
    }

    fn writers(&mut self, settings: &Settings) {
        let tasks = settings.ai_ml.scaling.max;
        let wrong = format_args!(
            "`sync.shared_writers` is off, but `ai_ml.scaling.max` lets {tasks} tasks write to the vector store"
        );
        let several = settings.sync.vector && !settings.sync.shared_writers && tasks > 1;
        let hint = "lower `ai_ml.scaling` to one task, or let its tasks keep their writes apart and allow it";
        self.refuse_if(several, "sync.shared_writers", wrong, hint);
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
