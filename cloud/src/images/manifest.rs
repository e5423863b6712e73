//! What a manifest says of its image.

use serde::Deserialize;

/// The forms of manifests that we can read: of one image, and lists of images for several machines.
///
/// Sources: the [OCI image specification][oci] and [Docker's manifest version 2, schema 2][docker].
///
/// [oci]: https://github.com/opencontainers/image-spec/blob/main/media-types.md
/// [docker]: https://github.com/distribution/distribution/blob/v2.8.3/docs/spec/manifest-v2-2.md
pub(crate) const FORMS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

#[derive(Deserialize)]
struct Manifest {
    config: Option<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

/// The digest of the configuration of the one image that this manifest is of.
pub(super) fn configuration(manifest: &str) -> Option<String> {
    let manifest: Manifest = serde_json::from_str(manifest).ok()?;
    Some(crate::text::clean(&manifest.config?.digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_of_one_image_names_its_configuration() {
        let single = r#"{"schemaVersion":2,"config":{"digest":"sha256:1"},"layers":[]}"#;
        assert_eq!(configuration(single).as_deref(), Some("sha256:1"));
        for other in [r#"{"manifests":[]}"#, "<html>", ""] {
            assert_eq!(configuration(other), None, "{other}");
        }
    }
}
