//! Images and secrets, understood.

use crate::settings::Settings;

use super::Reader;

/// Images and secrets, understood.
#[derive(Debug, Clone)]
pub struct FoundationPlan {
    /// How many images are kept.
    pub keep_images: u32,
    /// Whether the tag `latest` may be deployed, and so given again.
    pub allow_latest: bool,
    /// The beginning of the secrets' names.
    pub secret_prefix: String,
    /// Whether the secrets exist already.
    pub existing_secrets: bool,
}

impl Reader<'_> {
    pub(super) fn foundation(&mut self, settings: &Settings) -> FoundationPlan {
        let prefix = &settings.secrets.prefix;
        let wrong =
            prefix.is_empty() || !prefix.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c));
        let hint = "letters, digits and /_+=.@- can stand in a secret's name";
        self.refuse_if(
            wrong,
            "secrets.prefix",
            format_args!("`{prefix}` cannot begin a secret's name"),
            hint,
        );
        FoundationPlan {
            keep_images: settings.images.keep,
            allow_latest: settings.images.allow_latest,
            secret_prefix: prefix.clone(),
            existing_secrets: settings.secrets.existing,
        }
    }
}
