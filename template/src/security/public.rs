//! Properties that open a resource to everybody, or to who does not prove who they are.

use indexmap::IndexSet;

use super::symbol::{Symbols, is_known, shown};
use super::{SecurityChange, SecurityKind, Tense};
use crate::document::Resource;
use crate::node::Node;

/// A property that opens something.
struct Switch {
    /// The type that has it; `None` for all types.
    type_name: Option<&'static str>,
    /// The property, with dots between names.
    path: &'static str,
    /// The values with which it is open.
    open: &'static [&'static str],
    /// What AWS takes if the property is not there.
    default: &'static str,
    /// What is so then.
    says: &'static str,
    /// What kind of access that is.
    kind: SecurityKind,
}

const fn switch(
    type_name: &'static str,
    path: &'static str,
    open: &'static [&'static str],
    default: &'static str,
    says: &'static str,
) -> Switch {
    Switch { type_name: Some(type_name), path, open, default, says, kind: SecurityKind::Public }
}

/// One that opens nothing to everybody, and lets somebody do more, or unseen.
const fn permits(
    type_name: &'static str,
    path: &'static str,
    open: &'static [&'static str],
    default: &'static str,
    says: &'static str,
) -> Switch {
    Switch { kind: SecurityKind::Permission, ..switch(type_name, path, open, default, says) }
}

/// What opens a resource, with AWS's defaults. An own type needs an entry only where its words are its own.
///
/// Source: the pages of the types in the [resource type reference][aws]; [public access of new buckets][s3].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
/// [s3]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
const SWITCHES: [Switch; 16] = [
    Switch {
        type_name: None,
        path: "PubliclyAccessible",
        open: &["true"],
        default: "false",
        says: "gets a public address",
        kind: SecurityKind::Public,
    },
    switch(
        "AWS::ECS::Service",
        "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp",
        &["enabled"],
        "disabled",
        "gives its tasks public addresses",
    ),
    switch(
        "AWS::EC2::Subnet",
        "MapPublicIpOnLaunch",
        &["true"],
        "false",
        "gives public addresses to what is in it",
    ),
    switch(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Scheme",
        &["internet-facing"],
        "internet-facing",
        "faces the internet",
    ),
    switch(
        "AWS::S3::Bucket",
        "AccessControl",
        &["publicread", "publicreadwrite", "authenticatedread"],
        "private",
        "has an access list that lets everybody read",
    ),
    switch(
        BUCKET,
        "PublicAccessBlockConfiguration.BlockPublicAcls",
        &["false"],
        "",
        "takes public access lists",
    ),
    switch(
        BUCKET,
        "PublicAccessBlockConfiguration.BlockPublicPolicy",
        &["false"],
        "",
        "takes a public policy",
    ),
    switch(
        BUCKET,
        "PublicAccessBlockConfiguration.IgnorePublicAcls",
        &["false"],
        "",
        "heeds public access lists",
    ),
    switch(
        BUCKET,
        "PublicAccessBlockConfiguration.RestrictPublicBuckets",
        &["false"],
        "",
        "lets everybody in whom a public policy names",
    ),
    switch("AWS::Lambda::Url", "AuthType", &["none"], "", "can be called by everybody"),
    switch("AWS::ApiGateway::Method", "AuthorizationType", &["none"], "none", "asks nobody who they are"),
    switch("AWS::ApiGatewayV2::Route", "AuthorizationType", &["none"], "none", "asks nobody who they are"),
    switch(
        "AWS::EKS::Cluster",
        "ResourcesVpcConfig.EndpointPublicAccess",
        &["true"],
        "true",
        "has a public endpoint",
    ),
    switch(
        "AWS::Cognito::IdentityPool",
        "AllowUnauthenticatedIdentities",
        &["true"],
        "false",
        "gives credentials to who has not signed in",
    ),
    permits(
        "AWS::ECS::Service",
        "EnableExecuteCommand",
        &["true"],
        "false",
        "lets commands be run in its containers",
    ),
    permits("AWS::CloudTrail::Trail", "IsLogging", &["false"], "true", "records nothing"),
];

const BUCKET: &str = "AWS::S3::Bucket";

/// Whether a property, or something in it, opens a resource of this type.
pub(super) fn decides(type_name: &str, property: &str) -> bool {
    SWITCHES.iter().any(|switch| {
        let of_type = switch.type_name.is_none_or(|name| name == type_name);
        of_type && switch.path.split('.').next() == Some(property)
    })
}

pub(super) fn broadening(before: &Symbols<'_>, after: &Symbols<'_>, tense: Tense) -> Vec<SecurityChange> {
    let mut changes = Vec::new();
    for (id, resource) in &after.template.resources {
        let same = |old: &&Resource| old.type_name == resource.type_name;
        let old = before.template.resources.get(id).filter(same);
        for switch in SWITCHES.iter().filter(|switch| switch.is_of(resource)) {
            let now = switch.values(resource, after);
            let was = old.map(|old| switch.values(old, before));
            changes.extend(switch.change(id, was.as_deref(), &now, tense));
        }
    }
    changes
}

impl Switch {
    fn is_of(&self, resource: &Resource) -> bool {
        match self.type_name {
            Some(type_name) => type_name == resource.type_name,
            None => resource.properties.contains_key(self.path),
        }
    }

    /// Every value that the property may have.
    fn values(&self, resource: &Resource, symbols: &Symbols<'_>) -> Vec<String> {
        let (first, rest) = self.path.split_once('.').unwrap_or((self.path, ""));
        let mut values = symbols.branches_of(resource.properties.get(first));
        for key in rest.split('.').filter(|key| !key.is_empty()) {
            let inner = values.into_iter().filter_map(|node| match node {
                Node::Map(map) => map.get(key),
                // What is in it is not known, and neither is this.
                other => Some(other),
            });
            values = inner.flat_map(|node| symbols.branches_of(Some(node))).collect();
        }
        if values.is_empty() {
            return vec![self.default.to_owned()];
        }
        values.into_iter().map(|node| symbols.text(node)).collect()
    }

    fn change(
        &self,
        id: &str,
        was: Option<&[String]>,
        now: &[String],
        tense: Tense,
    ) -> Option<SecurityChange> {
        let is_open = |values: &[String]| {
            values.iter().any(|value| self.open.contains(&value.to_ascii_lowercase().as_str()))
        };
        let change = |what: String, judged: bool| SecurityChange {
            id: id.to_owned(),
            kind: self.kind,
            what,
            wide: judged && self.kind == SecurityKind::Public,
            judged,
        };
        if is_open(now) {
            let new = !was.is_some_and(is_open);
            let when = tense.say("now", "no longer");
            return new.then(|| change(format!("`{id}` {when} {}", self.says), true));
        }
        // The block of public access that a bucket had goes: what holds then, the account decides.
        let blocked = |values: &[String]| values.iter().any(|value| value.eq_ignore_ascii_case("true"));
        let unblocked = self.default.is_empty() && was.is_some_and(blocked) && !blocked(now);
        let known: IndexSet<&String> = was.into_iter().flatten().collect();
        let unclear = now.iter().find(|value| !is_known(value) && !known.contains(value));
        let name = self.path.rsplit('.').next().unwrap_or(self.path);
        match unclear {
            _ if unblocked => Some(change(format!("`{id}` loses `{name}`"), false)),
            Some(value) => {
                let what = format!("`{name}` of `{id}` becomes `{}`, which only AWS knows", shown(value));
                Some(change(what, false))
            }
            None => None,
        }
    }
}
