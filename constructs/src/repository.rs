//! ECR repositories, and the images that containers run.

use bon::bon;
use template::Node;

use crate::iam::{Role, Statement};
use crate::l1::{ecr, kms};
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::sub;
use crate::text::IntoText;
use crate::value::Value;

/// An `AWS::ECR::Repository`.
#[derive(Debug, Clone, Copy)]
pub struct Repository {
    /// The repository itself, for what this construct has no word for.
    pub resource: Handle<ecr::Repository>,
}

#[bon]
impl Repository {
    /// Starts the repository `id`; `build(s)` adds it to the scope.
    ///
    /// Images are scanned when they are pushed, encrypted at rest, and a tag, once given, stays with its image, so
    /// that what was deployed can be deployed again. There is no repository policy: only IAM policies of the
    /// account decide who pulls and pushes.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name, for example `docuthinker-backend`. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// How many images are kept; the oldest ones beyond them expire. Default: 10. It must be at least the
        /// number of deployments one wants to be able to go back.
        #[builder(default = 10)]
        keep: u32,
        /// Tags that may be given again to another image, for example `latest`. Default: none.
        #[builder(default, with = FromIterator::from_iter)]
        mutable_tags: Vec<String>,
        /// The key that encrypts images. It is chosen for ever: another one replaces the repository. Default: none;
        /// ECR encrypts with AES-256 and a key of its own.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// What happens to the images when the repository leaves the template. Default: they are kept, unless
        /// the deployment that creates the repository fails.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> Repository {
        let properties = ecr::Repository {
            repository_name: name,
            image_scanning_configuration: Some(ecr::repository::ImageScanningConfiguration {
                scan_on_push: Some(true.into()),
            }),
            image_tag_mutability: Some(mutability(&mutable_tags).into()),
            image_tag_mutability_exclusion_filters: exclusions(mutable_tags),
            encryption_configuration: Some(ecr::repository::EncryptionConfiguration {
                encryption_type: Some(if key.is_some() { "KMS" } else { "AES256" }.into()),
                kms_key: key,
            }),
            lifecycle_policy: Some(ecr::repository::LifecyclePolicy {
                lifecycle_policy_text: Some(keep_newest(keep).into()),
                ..Default::default()
            }),
            // A repository with images cannot be deleted unless it is emptied first.
            empty_on_delete: (removal_policy == RemovalPolicy::Delete).then(|| true.into()),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        s.set_removal_policy(resource, removal_policy);
        Repository { resource }
    }
}

fn mutability(mutable_tags: &[String]) -> &'static str {
    if mutable_tags.is_empty() { "IMMUTABLE" } else { "IMMUTABLE_WITH_EXCLUSION" }
}

fn exclusions(mutable_tags: Vec<String>) -> Option<Vec<ecr::repository::ImageTagMutabilityExclusionFilter>> {
    let filter = |tag: String| ecr::repository::ImageTagMutabilityExclusionFilter {
        image_tag_mutability_exclusion_filter_type: Some("WILDCARD".into()),
        image_tag_mutability_exclusion_filter_value: Some(tag.into()),
    };
    (!mutable_tags.is_empty()).then(|| mutable_tags.into_iter().map(filter).collect())
}

/// A lifecycle policy that keeps the newest `count` images, whatever their tags.
///
/// Source: [Lifecycle policies in Amazon ECR][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
fn keep_newest(count: u32) -> String {
    let rule = serde_json::json!({
        "rules": [{
            "rulePriority": 1,
            "description": format!("keep the newest {count} images"),
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count},
            "action": {"type": "expire"},
        }],
    });
    rule.to_string()
}

impl Repository {
    /// The repository's ARN.
    #[must_use]
    pub fn arn(self) -> Value<Arn<ecr::Repository>> {
        self.resource.arn()
    }

    /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`.
    #[must_use]
    pub fn uri(self) -> Value<String> {
        self.resource.repository_uri()
    }

    /// The image with this tag.
    pub fn tag(self, tag: &str) -> Image {
        Image { reference: sub!("{}:{}", self.uri(), tag), repository: Some(self) }
    }

    /// The image with this digest, `sha256:` and 64 hexadecimal digits. A digest never changes its image.
    pub fn digest(self, digest: &str) -> Image {
        Image { reference: sub!("{}@{}", self.uri(), digest), repository: Some(self) }
    }

    /// Lets `role` pull the repository's images.
    pub fn grant_pull(self, s: &mut Scope<'_>, role: Role) {
        grant_pull(s, role, self.arn());
    }

    /// Lets `role` push images to the repository, and see which are there.
    ///
    /// Source: [IAM permissions for pushing an image to an Amazon ECR private repository][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
    pub fn grant_push(self, s: &mut Scope<'_>, role: Role) {
        role.allow(s, "ImagePush", Statement::allow(["ecr:GetAuthorizationToken"]).on_everything());
        let actions = [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:DescribeImages",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ];
        role.allow(s, "ImagePush", Statement::allow(actions).on(self.arn()));
    }
}

/// Lets `role` pull the images of `repositories`: an ARN, or a pattern for those that only the one who deploys
/// knows.
///
/// `ecr:GetAuthorizationToken` knows no narrower resource than all.
///
/// Source: [Amazon ECS task execution IAM role][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
pub fn grant_pull(s: &mut Scope<'_>, role: Role, repositories: impl IntoText) {
    role.allow(s, "ImagePull", Statement::allow(["ecr:GetAuthorizationToken"]).on_everything());
    let actions = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"];
    role.allow(s, "ImagePull", Statement::allow(actions).on(repositories));
}

/// A container image and where it is pulled from.
#[derive(Debug, Clone)]
pub struct Image {
    reference: Value<String>,
    repository: Option<Repository>,
}

impl Image {
    /// An image of any registry, by its full reference: `public.ecr.aws/docker/library/nginx:1.29`.
    pub fn registry(reference: impl Into<Value<String>>) -> Image {
        Image { reference: reference.into(), repository: None }
    }

    /// What the container definition names.
    pub fn reference(&self) -> &Value<String> {
        &self.reference
    }

    /// Lets `role` pull the image, if that needs a permission that the image itself tells.
    pub fn grant_pull(&self, s: &mut Scope<'_>, role: Role) {
        if let Some(repository) = self.repository {
            repository.grant_pull(s, role);
        }
    }

    /// The tag, if the reference is known and has one; `latest` if it names neither tag nor digest.
    pub fn literal_tag(&self) -> Option<&str> {
        let Node::String(text) = self.reference.node() else { return None };
        if text.contains('@') {
            return None;
        }
        let name = text.rsplit('/').next().unwrap_or(text);
        Some(name.split_once(':').map_or("latest", |(_, tag)| tag))
    }
}
