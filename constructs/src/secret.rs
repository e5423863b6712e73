//! Secrets Manager secrets: declared here, their values stored and read elsewhere.

use bon::bon;

use crate::declare::aws;
use crate::iam::{Role, Statement};
use crate::l1::{kms, secretsmanager};
use crate::resource::{Arn, Handle};
use crate::scope::{RemovalPolicy, Scope};
use crate::sub;
use crate::value::Value;

/// A secret, made by the stack or existing already. Its value never enters a template.
#[derive(Debug, Clone)]
pub struct Secret {
    arn: Value<Arn<secretsmanager::Secret>>,
    /// What a policy must name: the ARN, with the random suffix as a pattern where it is not known.
    policy_resource: Value<String>,
    key: Option<Value<Arn<kms::Key>>>,
    /// The secret itself, if the stack owns it.
    pub resource: Option<Handle<secretsmanager::Secret>>,
}

#[bon]
impl Secret {
    /// Starts the secret `id`; `build(s)` adds it to the scope. It has no value until one is stored.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The full name, for example `docuthinker/openai`. Default: a name that CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// What the secret is for.
        #[builder(into)]
        description: Option<Value<String>>,
        /// The key that encrypts the value. Default: the account's `aws/secretsmanager`.
        #[builder(into)]
        key: Option<Value<Arn<kms::Key>>>,
        /// The other regions that the value is copied to, with each new one; there it has the same name, and is
        /// encrypted with that region's `aws/secretsmanager`. Default: none.
        #[builder(default, with = |regions: impl IntoIterator<Item = impl Into<String>>| {
            regions.into_iter().map(Into::into).collect()
        })]
        replicas: Vec<String>,
        /// What happens to the value when the secret leaves the template. Default: it is kept, unless the
        /// deployment that creates the secret fails.
        #[builder(default = RemovalPolicy::RetainExceptOnCreate)]
        removal_policy: RemovalPolicy,
    ) -> Secret {
        if let Some(name) = name.as_ref().and_then(Value::literal) {
            warn_about_suffix(s, name);
        }
        let properties = secretsmanager::Secret {
            name,
            description,
            kms_key_id: key.clone(),
            replica_regions: replica_regions(&mut s.scope(id), replicas),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        s.set_removal_policy(resource, removal_policy);
        let arn = resource.reference();
        Secret { policy_resource: arn.text(), arn, key, resource: Some(resource) }
    }
}

/// Source: [Replicate secrets across regions][aws].
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
#[track_caller]
fn replica_regions(
    s: &mut Scope<'_>,
    regions: Vec<String>,
) -> Option<Vec<secretsmanager::secret::ReplicaRegion>> {
    for (index, region) in regions.iter().enumerate() {
        if s.region() == Some(region) || regions[..index].contains(region) {
            s.error("DC143", format!("the secret is in {region} already"))
                .property("replicas")
                .hint("name each other region once");
        }
    }
    let replica = |region: String| secretsmanager::secret::ReplicaRegion {
        region: Some(region.into()),
        ..Default::default()
    };
    (!regions.is_empty()).then(|| regions.into_iter().map(replica).collect())
}

/// Secrets Manager adds a hyphen and six characters to a name; a name that ends like that is mistaken for a
/// full ARN when only the name is known.
///
/// Source: [GetSecretValue][aws], `SecretId`.
///
/// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
#[track_caller]
fn warn_about_suffix(s: &mut Scope<'_>, name: &str) {
    let suffix = name.rsplit_once('-').map(|(_, end)| end);
    if suffix.is_some_and(|end| end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric())) {
        s.warn("DC020", format!("the secret name `{name}` ends in a hyphen and six characters"))
            .hint("Secrets Manager may take it for the suffix that it adds to names; use another name");
    }
}

impl Secret {
    /// A secret that exists, by its full ARN (with the six characters at its end).
    pub fn existing(arn: Value<Arn<secretsmanager::Secret>>) -> Secret {
        Secret { policy_resource: arn.text(), arn, key: None, resource: None }
    }

    /// A secret of this account and region that exists, by its name.
    ///
    /// Prefer [`Secret::existing`]: the name alone leaves the random end of the ARN open, so that the policy
    /// must allow any six characters there.
    #[track_caller]
    pub fn existing_named(s: &mut Scope<'_>, name: impl Into<Value<String>>) -> Secret {
        let name = name.into();
        if let Some(name) = name.literal() {
            warn_about_suffix(s, name);
        }
        let arn = aws::arn("secretsmanager", sub!("secret:{}", &name));
        let policy_resource = aws::arn("secretsmanager", sub!("secret:{}-??????", &name));
        Secret { arn: Value::from_node(arn.into_node()), policy_resource, key: None, resource: None }
    }

    /// The same secret, encrypted with this key, so that whoever may read it may decrypt it too. For secrets that
    /// exist; the stack's own know their key.
    #[must_use]
    pub fn encrypted_with(mut self, key: impl Into<Value<Arn<kms::Key>>>) -> Secret {
        self.key = Some(key.into());
        self
    }

    /// The secret's ARN.
    #[must_use]
    pub fn arn(&self) -> Value<Arn<secretsmanager::Secret>> {
        self.arn.clone()
    }

    /// One field of a secret whose value is a JSON object. The secret's full ARN must be known: ECS reads what
    /// follows a mere name as part of it.
    pub fn field(&self, key: &str) -> SecretValue {
        let from = sub!("{}:{}::", &self.arn, key);
        SecretValue { secret: self.clone(), value_from: Value::from_node(from.into_node()) }
    }

    /// Makes the Lambda function `function_arn` change the value every `days` days, from 1 to 1,000; the first time
    /// when they have passed, since a new secret has no value to begin with.
    ///
    /// The function knows how to get a new credential from whoever issues it. Its policy must let
    /// `secretsmanager.amazonaws.com` invoke it, and its role read and change the secret and use the secret's key.
    /// Tasks read a secret when they start: after a rotation they run on the old value until they are replaced.
    ///
    /// Source: [Rotation by Lambda function][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html
    #[track_caller]
    pub fn rotate(
        &self,
        s: &mut Scope<'_>,
        id: &str,
        function_arn: impl Into<Value<String>>,
        days: u32,
    ) -> Handle<secretsmanager::RotationSchedule> {
        if !(1..=1000).contains(&days) {
            s.scope(id)
                .error("DC144", format!("a secret cannot be rotated every {days} days"))
                .property("days")
                .hint("choose 1 to 1000 days");
        }
        let schedule = secretsmanager::RotationSchedule {
            secret_id: Some(self.arn()),
            rotation_lambda_arn: Some(function_arn.into()),
            rotate_immediately_on_update: Some(false.into()),
            rotation_rules: Some(secretsmanager::rotation_schedule::RotationRules {
                automatically_after_days: Some(days.into()),
                ..Default::default()
            }),
            ..Default::default()
        };
        s.add(id, schedule)
    }

    /// Lets `role` read the value, and nothing else about any secret.
    pub fn grant_read(&self, s: &mut Scope<'_>, role: Role) {
        let action = ["secretsmanager:GetSecretValue"];
        role.allow(s, "SecretsAccess", Statement::allow(action).on(&self.policy_resource));
        if self.policy_resource != self.arn.text() {
            // Known by name only: AWS asks IAM sometimes for the ARN as it was given, without its random end.
            role.allow(s, "SecretsAccess", Statement::allow(action).on(&self.arn));
        }
        if let Some(key) = &self.key {
            let service = sub!("secretsmanager.{}.{}", aws::region(), aws::url_suffix());
            let statement =
                Statement::allow(["kms:Decrypt"]).on(key).when("StringEquals", "kms:ViaService", service);
            role.allow(s, "SecretsAccess", statement);
        }
    }
}

/// What a container reads from a secret when it starts: the whole value, or one field of it.
///
/// It cannot become plain environment: a container takes it as a secret only.
#[derive(Debug, Clone)]
pub struct SecretValue {
    pub(crate) secret: Secret,
    pub(crate) value_from: Value<Arn<secretsmanager::Secret>>,
}

impl SecretValue {
    /// The secret that the value is, or is a field of.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }
}

impl From<&SecretValue> for SecretValue {
    fn from(value: &SecretValue) -> SecretValue {
        value.clone()
    }
}

impl From<&Secret> for SecretValue {
    fn from(secret: &Secret) -> SecretValue {
        SecretValue { secret: secret.clone(), value_from: secret.arn() }
    }
}
