//! What of a registry is copied to another region.

use bon::bon;

use crate::declare::aws;
use crate::l1::ecr;
use crate::l1::ecr::replication_configuration as l1;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::value::Value;

/// An `AWS::ECR::ReplicationConfiguration`: what is pushed from now on is copied; what is there is not.
///
/// A registry, which is an account in a region, has one such configuration: a second stack with another one would
/// overwrite it. A repository that the other region has not is made there with ECR's defaults, so make it there
/// first, with its own key and lifecycle; neither is copied.
///
/// Source: [Private image replication in Amazon ECR][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
#[derive(Debug, Clone, Copy)]
pub struct ImageReplication {
    /// The configuration itself, for what this construct has no word for.
    pub resource: Handle<ecr::ReplicationConfiguration>,
}

#[bon]
impl ImageReplication {
    /// Starts the replication `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The other region, for example `us-west-2`.
        region: &str,
        /// The repositories that are copied: all whose names begin with one of these, 1 to 100.
        #[builder(with = |prefixes: impl IntoIterator<Item = impl Into<Value<String>>>| {
            prefixes.into_iter().map(Into::into).collect()
        })]
        repositories: Vec<Value<String>>,
    ) -> ImageReplication {
        let mut inner = s.scope(id);
        if inner.region() == Some(region) {
            inner
                .error("DC145", format!("images cannot be copied from {region} to itself"))
                .property("region")
                .hint("name another region");
        }
        if repositories.is_empty() || repositories.len() > 100 {
            inner
                .error("DC146", format!("a replication rule cannot have {} filters", repositories.len()))
                .property("repositories")
                .hint("name 1 to 100 beginnings of repository names");
        }
        let filter =
            |prefix| l1::RepositoryFilter { filter: Some(prefix), filter_type: Some("PREFIX_MATCH".into()) };
        let rule = l1::ReplicationRule {
            destinations: Some(vec![l1::ReplicationDestination {
                region: Some(region.into()),
                registry_id: Some(aws::account_id()),
            }]),
            repository_filters: Some(repositories.into_iter().map(filter).collect()),
        };
        let properties = ecr::ReplicationConfiguration {
            replication_configuration: Some(l1::ReplicationConfiguration { rules: Some(vec![rule]) }),
        };
        ImageReplication { resource: s.add(id, properties) }
    }
}
