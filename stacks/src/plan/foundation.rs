//! Key, notifications, images, secrets and their copies, understood.

use std::collections::BTreeMap;

use constructs::email::is_email;

use crate::settings::{ReplicationSettings, SecretLayout, SecretSettings, Settings};

use super::Reader;

/// Key, notifications, images, secrets and their copies, understood.
#[derive(Debug, Clone)]
pub struct FoundationPlan {
    /// Whether a key of the customer's own encrypts what is kept.
    pub customer_key: bool,
    /// The log groups that the key encrypts: names, in which `*` stands for anything.
    pub log_groups: Vec<String>,
    /// Who is told about alarms and the budget.
    pub emails: Vec<String>,
    /// How many images are kept.
    pub keep_images: u32,
    /// Whether the tag `latest` may be deployed, and so given again.
    pub allow_latest: bool,
    /// The secrets.
    pub secrets: SecretsPlan,
    /// The second region, if images are copied to it.
    pub image_replica: Option<String>,
    /// The second region, if files are copied to it.
    pub file_replica: Option<String>,
}

/// The secrets, understood.
#[derive(Debug, Clone)]
pub struct SecretsPlan {
    /// The beginning of the secrets' names.
    pub prefix: String,
    /// How credentials are divided among secrets.
    pub layout: SecretLayout,
    /// Whether the secrets exist already.
    pub existing: bool,
    /// The full ARNs of those that exist, as far as they are known.
    pub arns: BTreeMap<String, String>,
    /// The key of those that exist, if it is the customer's own.
    pub key_arn: Option<String>,
    /// The second region, if secrets are copied to it.
    pub replica: Option<String>,
    /// How often which function changes which secrets.
    pub rotation: Option<RotationPlan>,
}

/// How often which function changes which secrets.
#[derive(Debug, Clone)]
pub struct RotationPlan {
    /// The ARN of the function.
    pub lambda_arn: String,
    /// Days between two changes.
    pub days: u32,
    /// Which secrets.
    pub secrets: Vec<String>,
}

/// The credentials, by the ends of their secrets' names.
const CREDENTIALS: [&str; 7] = ["openai", "anthropic", "google", "neo4j", "chroma", "mongodb", "redis"];

/// What the secret of all credentials is called among them.
pub(crate) const ALL: &str = "all";

impl Reader<'_> {
    pub(super) fn foundation(&mut self, settings: &Settings) -> FoundationPlan {
        let keep_images = self.images(settings);
        for (index, email) in settings.notifications.emails.iter().enumerate() {
            let key = format!("notifications.emails[{index}]");
            let wrong = format_args!("`{email}` is not an email address");
            self.refuse_if(!is_email(email), &key, wrong, "write `name@example.com`");
        }
        self.replication(settings);
        // What was refused is not built, so that it is reported once.
        let copies = settings.replication.as_ref().filter(|copies| copies.region != settings.region);
        let replica = |wanted: fn(&ReplicationSettings) -> bool| {
            copies.filter(|copies| wanted(copies)).map(|copies| copies.region.clone())
        };
        FoundationPlan {
            customer_key: settings.customer_key,
            log_groups: log_groups(settings),
            emails: settings.notifications.emails.iter().filter(|email| is_email(email)).cloned().collect(),
            keep_images,
            allow_latest: settings.images.allow_latest,
            secrets: self.secrets(settings, replica(|copies| copies.secrets)),
            image_replica: replica(|copies| copies.images),
            file_replica: replica(|copies| copies.files),
        }
    }

    /// C-36: an image that a deployment may go back to must not have expired.
    fn images(&mut self, settings: &Settings) -> u32 {
        let (keep, history) = (settings.images.keep, settings.images.history);
        let kept = self.number("images.keep", keep, 1..=1000, "");
        self.number("images.history", history, 1..=1000, "");
        let wrong = format_args!("`images.keep` is {keep}, below `images.history`, which is {history}");
        self.refuse_if(keep < history, "images.keep", wrong, "keep more images, or go back less far");
        kept
    }

    fn replication(&mut self, settings: &Settings) {
        let Some(copies) = &settings.replication else { return };
        let region = &copies.region;
        let wrong = format_args!("`{region}` is not a region");
        self.refuse_if(!super::is_region(region), "replication.region", wrong, "it looks like `us-west-2`");
        let wrong = format_args!("`replication.region` is {region}, and so is `region`");
        let hint = "name another region, or leave `replication` out";
        self.refuse_if(*region == settings.region, "replication.region", wrong, hint);
        let wrong =
            "`replication.secrets` is on, but `secrets.existing` says that the stack does not own them";
        let hint = "set `replication.secrets` to false and copy the secrets where they are made";
        self.refuse_if(copies.secrets && settings.secrets.existing, "replication.secrets", wrong, hint);
        let nothing = !copies.images && !copies.secrets && !copies.files;
        let hint = "switch on what is to be copied, or leave `replication` out";
        self.refuse_if(nothing, "replication", "nothing is copied to the second region", hint);
    }

    fn secrets(&mut self, settings: &Settings, replica: Option<String>) -> SecretsPlan {
        let secrets = &settings.secrets;
        let prefix = &secrets.prefix;
        let wrong =
            prefix.is_empty() || !prefix.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c));
        let hint = "letters, digits and /_+=.@- can stand in a secret's name";
        self.refuse_if(
            wrong,
            "secrets.prefix",
            format_args!("`{prefix}` cannot begin a secret's name"),
            hint,
        );
        self.arns(settings);
        SecretsPlan {
            prefix: prefix.clone(),
            layout: secrets.layout,
            existing: secrets.existing,
            arns: secrets.arns.clone(),
            key_arn: self.secrets_key(settings),
            replica,
            rotation: self.rotation(secrets),
        }
    }

    fn secrets_key(&mut self, settings: &Settings) -> Option<String> {
        let secrets = &settings.secrets;
        let arn = secrets.key_arn.as_ref()?;
        let parts: Vec<&str> = arn.split(':').collect();
        let key = matches!(parts[..], ["arn", _, "kms", region, _, key]
            if region == settings.region && key.starts_with("key/"));
        let wrong = format_args!("`{arn}` is not the ARN of a key of {}", settings.region);
        let hint = "it looks like `arn:aws:kms:us-east-1:123456789012:key/…`; an alias does not do";
        self.refuse_if(!key, "secrets.key_arn", wrong, hint);
        let wrong = "`secrets.key_arn` names the key of existing secrets, but `secrets.existing` is off";
        let hint = "leave it out; `customer_key` is for the stack's own";
        self.refuse_if(!secrets.existing, "secrets.key_arn", wrong, hint);
        Some(arn.clone())
    }

    fn arns(&mut self, settings: &Settings) {
        let secrets = &settings.secrets;
        let names = secrets.layout.names();
        let unused = !secrets.arns.is_empty() && !secrets.existing;
        let wrong = "`secrets.arns` names secrets, but with `secrets.existing` off the stack makes its own";
        self.refuse_if(
            unused,
            "secrets.arns",
            wrong,
            "set `secrets.existing` to true, or leave the ARNs out",
        );
        for (name, arn) in &secrets.arns {
            let key = format!("secrets.arns.{name}");
            let wrong = format_args!("no secret is called `{name}`");
            self.refuse_if(!names.contains(&name.as_str()), &key, wrong, &one_of(names));
            let wrong = format_args!("`{arn}` is not the full ARN of a secret of {}", settings.region);
            let hint = "it looks like `arn:aws:secretsmanager:us-east-1:123456789012:secret:NAME-AbCdEf`";
            self.refuse_if(!is_secret_arn(arn, &settings.region), &key, wrong, hint);
        }
        let missing =
            secrets.existing && secrets.layout == SecretLayout::SingleJson && !secrets.arns.contains_key(ALL);
        let wrong =
            "`secrets.layout` is single_json and `secrets.existing` is on, but the secret's ARN is not known";
        let hint = "set `secrets.arns.all` to its full ARN: ECS takes a field of a secret by that only";
        self.refuse_if(missing, "secrets.arns", wrong, hint);
    }

    fn rotation(&mut self, secrets: &SecretSettings) -> Option<RotationPlan> {
        let rotation = secrets.rotation.as_ref()?;
        let names = secrets.layout.names();
        let arn = &rotation.lambda_arn;
        let parts: Vec<&str> = arn.split(':').collect();
        let right = parts.len() >= 7 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "function";
        let wrong = format_args!("`{arn}` is not the ARN of a Lambda function");
        let hint = "it looks like `arn:aws:lambda:us-east-1:123456789012:function:NAME`";
        self.refuse_if(!right, "secrets.rotation.lambda_arn", wrong, hint);
        let days = rotation.days;
        let wrong = format_args!("secrets cannot be rotated every {days} days");
        let in_range = (1..=1000).contains(&days);
        self.refuse_if(!in_range, "secrets.rotation.days", wrong, "choose 1 to 1000 days");
        let wrong = "`secrets.rotation` is set, but `secrets.existing` says that the stack does not own them";
        let hint = "set up the rotation where the secrets are made, or leave it out";
        self.refuse_if(secrets.existing, "secrets.rotation", wrong, hint);
        for (index, name) in rotation.secrets.iter().enumerate() {
            let key = format!("secrets.rotation.secrets[{index}]");
            let wrong = format_args!("no secret is called `{name}`");
            self.refuse_if(!names.contains(&name.as_str()), &key, wrong, &one_of(names));
        }
        let all = || names.iter().map(|name| (*name).to_owned()).collect();
        Some(RotationPlan {
            lambda_arn: arn.clone(),
            days: if in_range { days } else { 30 },
            secrets: if rotation.secrets.is_empty() { all() } else { rotation.secrets.clone() },
        })
    }
}

impl SecretLayout {
    /// What its secrets are called in settings.
    fn names(self) -> &'static [&'static str] {
        match self {
            SecretLayout::Separate => &CREDENTIALS,
            SecretLayout::SingleJson => &[ALL],
        }
    }
}

fn one_of(names: &[&str]) -> String {
    match names {
        [only] => format!("with this `secrets.layout` there is only `{only}`"),
        names => format!("choose one of {}", names.join(", ")),
    }
}

/// The names that the stacks' log groups have or, where CloudFormation makes them, begin with.
fn log_groups(settings: &Settings) -> Vec<String> {
    let Settings { name, stack_suffix, .. } = settings;
    vec![
        format!("/ecs/{name}-*"),
        format!("/aws/*/{name}*"),
        format!("aws-waf-logs-{name}*"),
        format!("DocuThinker*{stack_suffix}-*"),
    ]
}

/// With the hyphen and six characters that Secrets Manager adds to a name.
fn is_secret_arn(arn: &str, region: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let suffix = |name: &str| {
        name.rsplit_once('-')
            .is_some_and(|(_, end)| end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    matches!(parts[..], ["arn", _, "secretsmanager", its, _, "secret", name] if its == region && suffix(name))
}
