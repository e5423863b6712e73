//! What our own commands put right: images and secrets of the project. For everything else AWS's own are named.

use cloud::preflight::{Check, Lack};
use template::requirements::{Image, Needed, Requirement, Version};

use crate::config;
use crate::problem::Result;
use crate::project::BuiltImage;
use crate::session::Session;
use crate::shell;

/// The images of the project.
#[derive(Debug, Default)]
pub(crate) struct Own {
    images: Vec<BuiltImage>,
}

impl Own {
    /// What the project has in the chosen environment.
    pub(crate) fn of(session: &Session<'_>) -> Result<Own> {
        // Its warnings were told when the stacks were made.
        let settings = config::load(session.project, &session.global.request()?)?.settings;
        Ok(Own { images: session.project.images(&settings) })
    }

    /// The command of ours that makes what is missing; none where there is none.
    pub(crate) fn fix(&self, requirement: &Requirement, check: &Check) -> Option<String> {
        match (&requirement.needed, check.lack.as_ref()?) {
            (Needed::Image(image), Lack::Repository | Lack::Image | Lack::Architecture) => self.push(image),
            (Needed::Secret(secret), Lack::Value) => {
                Some(format!("docuthinker secrets put {}", word(secret_name(&secret.id))?))
            }
            (Needed::Secret(secret), Lack::Keys(keys)) => {
                let name = word(secret_name(&secret.id))?;
                let puts = keys
                    .iter()
                    .map(|key| Some(format!("docuthinker secrets put {name} --field {}", word(key)?)));
                Some(puts.collect::<Option<Vec<_>>>()?.join(" && "))
            }
            _ => None,
        }
    }

    /// What is pushed has the tag that is wanted; a digest is what comes of it, and goes into the settings.
    fn push(&self, needed: &Image) -> Option<String> {
        let image = self.images.iter().find(|image| image.repository == needed.repository)?;
        let name = word(&image.container)?;
        Some(match &needed.version {
            Version::Tag(tag) => format!("docuthinker images push {name} --build --tag {}", word(tag)?),
            Version::Digest(_) => {
                format!("docuthinker images push {name} --build && docuthinker images pin {name}")
            }
        })
    }
}

/// The name in the ARN of a secret. AWS adds a hyphen and six characters to it.
///
/// Source: [What's in a secret][aws] in the Secrets Manager user guide.
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
pub(crate) fn secret_name(id: &str) -> &str {
    let last = id.split_once(":secret:").map_or(id, |(_, last)| last);
    match last.rsplit_once('-') {
        Some((name, added)) if added.len() == 6 && last.len() < id.len() => name,
        _ => last,
    }
}

/// A word that a shell takes as one; none if it would be taken for an option.
fn word(text: &str) -> Option<String> {
    (!text.is_empty() && !text.starts_with('-')).then(|| shell::word(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use template::requirements::Secret;

    use super::*;

    fn own() -> Own {
        let image = BuiltImage {
            title: "Backend".into(),
            folder: "backend".into(),
            test: Vec::new(),
            platform: "linux/amd64".into(),
            repository: "shop/backend".into(),
            repository_stack: "Foundation".into(),
            setting: "backend.image".into(),
            stack: "Shop".into(),
            task_definition: "Task".into(),
            container: "backend".into(),
            output: "Url".into(),
            health: "/".into(),
        };
        Own { images: vec![image] }
    }

    fn fix(needed: Needed, lack: Lack) -> Option<String> {
        let check = Check { lack: Some(lack), ..Check::missing("x", "aws x") };
        own().fix(&Requirement { needed, places: Vec::new(), vital: true }, &check)
    }

    fn image(repository: &str, version: Version) -> Needed {
        Needed::Image(Image {
            uri: String::new(),
            registry: String::new(),
            region: String::new(),
            repository: repository.into(),
            version,
            architecture: None,
        })
    }

    fn secret(id: &str) -> Needed {
        Needed::Secret(Secret {
            id: id.into(),
            region: String::new(),
            keys: BTreeSet::new(),
            stage: "AWSCURRENT".into(),
            version: None,
        })
    }

    #[test]
    fn what_the_project_has_is_put_right_by_our_own_commands() {
        let tagged = || image("shop/backend", Version::Tag("v1".into()));
        for lack in [Lack::Repository, Lack::Image, Lack::Architecture] {
            let command = "docuthinker images push backend --build --tag v1";
            assert_eq!(fix(tagged(), lack).as_deref(), Some(command));
        }
        let digest = image("shop/backend", Version::Digest("sha256:1".into()));
        let command = "docuthinker images push backend --build && docuthinker images pin backend";
        assert_eq!(fix(digest, Lack::Image).as_deref(), Some(command));
        assert_eq!(fix(image("other", Version::Tag("v1".into())), Lack::Image), None);
    }

    #[test]
    fn values_of_secrets_are_stored_by_name() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf";
        let command = "docuthinker secrets put shop/db";
        assert_eq!(fix(secret(arn), Lack::Value).as_deref(), Some(command));
        let command = "docuthinker secrets put shop/db --field user";
        assert_eq!(fix(secret("shop/db"), Lack::Keys(vec!["user".into()])).as_deref(), Some(command));
        let command = r"docuthinker secrets put 'it'\''s $HOME'";
        assert_eq!(fix(secret("it's $HOME"), Lack::Value).as_deref(), Some(command));
        assert_eq!(fix(secret("-x"), Lack::Value), None);
    }
}
