//! What was seen of both environments: values, from which everything else is worked out without asking AWS.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloud::preflight::Certificate;
use cloud::secrets::StoredSecret;
use cloud::{Answer, LoadBalancer};
use template::Template;

use super::declared::FailoverRecord;
use crate::commands::status::view::{Service, Status, Told};

/// Both environments.
pub(super) struct Seen {
    pub(super) primary: Side,
    pub(super) standby: Side,
    /// What the name that both share leads to, if they share one.
    pub(super) domain: Option<Domain>,
}

/// A name in DNS, as this machine sees it.
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) addresses: Told<BTreeSet<IpAddr>>,
}

/// One environment.
pub(super) struct Side {
    pub(super) environment: String,
    pub(super) region: String,
    pub(super) account: String,
    /// Its stacks, also those that are not deployed.
    pub(super) stacks: Vec<SeenStack>,
    /// What `status` sees of those that are.
    pub(super) status: Status,
    pub(super) secrets: Vec<SeenSecret>,
    /// Why it is not known of all services which secrets they read.
    pub(super) unread: Vec<String>,
    /// The primary's images, looked for in this environment's registry; empty for the primary itself.
    pub(super) images: Vec<SeenImage>,
    pub(super) balancers: Vec<Balancer>,
    pub(super) health: Vec<Health>,
    /// The certificates of the load balancers, by ARN.
    pub(super) certificates: Vec<(String, Told<Option<Certificate>>)>,
    pub(super) records: Vec<FailoverRecord>,
}

/// A stack of the project.
pub(super) struct SeenStack {
    /// What it is called on the command line.
    pub(super) id: String,
    /// Its name in CloudFormation.
    pub(super) name: String,
    /// Its state in AWS's words; `None` if it is not deployed.
    pub(super) state: Option<String>,
    /// The template that it was deployed from.
    pub(super) deployed: Told<Option<Template>>,
    /// The template that the code makes.
    pub(super) wanted: Template,
}

/// A secret.
pub(super) struct SeenSecret {
    pub(super) name: String,
    /// The services that read it, and into which variable.
    pub(super) variables: Vec<(String, String)>,
    /// `None` if there is no such secret.
    pub(super) stored: Told<Option<StoredSecret>>,
}

/// An image that the primary runs, in the standby's registry.
pub(super) struct SeenImage {
    /// The name of its container.
    pub(super) container: String,
    pub(super) repository: String,
    /// The stack that makes the repository, as it is called on the command line.
    pub(super) made_by: String,
    pub(super) digest: String,
    pub(super) found: Told<Stored>,
}

/// Whether a registry has an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    There,
    NoImage,
    NoRepository,
}

/// A load balancer of a deployed stack.
pub(super) struct Balancer {
    /// `None` if it is gone.
    pub(super) found: Told<Option<LoadBalancer>>,
    /// What its name leads to, as this machine sees it.
    pub(super) addresses: Told<BTreeSet<IpAddr>>,
}

/// The address of a service, asked at the environment's own load balancer.
pub(super) struct Health {
    /// The output that has the address.
    pub(super) output: String,
    pub(super) answer: Told<Answer>,
}

impl Side {
    /// The stack that is called so on the command line.
    pub(super) fn stack(&self, id: &str) -> Option<&SeenStack> {
        self.stacks.iter().find(|stack| stack.id == id)
    }

    /// Its services, with the name of the stack that each is in.
    pub(super) fn services(&self) -> impl Iterator<Item = (&str, &Service)> {
        let stacks = self.status.stacks.iter();
        let known = stacks.filter_map(|stack| Some((stack.name.as_str(), stack.services.known()?)));
        known.flat_map(|(stack, services)| services.iter().map(move |service| (stack, service)))
    }

    /// The service that people call so.
    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.services().map(|(_, service)| service).find(|service| service.name == name)
    }

    /// Why not all of its services are known; `None` if they are.
    pub(super) fn services_unknown(&self) -> Option<&str> {
        self.status.stacks.iter().find_map(|stack| stack.services.unknown())
    }

    /// Why not all templates that something is deployed from are known; `None` if they are.
    pub(super) fn unread_template(&self) -> Option<&str> {
        let deployed = self.stacks.iter().filter(|stack| stack.state.is_some());
        let mut unread = deployed.filter_map(|stack| match &stack.deployed {
            Told::Known(Some(_)) => None,
            Told::Known(None) => Some("AWS tells no template"),
            Told::Unknown { unknown } => Some(unknown.as_str()),
        });
        unread.next()
    }

    /// The template that the stack of this name in CloudFormation was deployed from.
    pub(super) fn template(&self, stack: &str) -> Option<&Template> {
        self.stacks.iter().find(|one| one.name == stack)?.deployed.known()?.as_ref()
    }

    /// All templates that something is deployed from.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.stacks.iter().filter_map(|stack| stack.deployed.known()?.as_ref())
    }

    /// The load balancer that callers reach: the first one that is known.
    pub(super) fn balancer(&self) -> Option<&LoadBalancer> {
        self.balancers.iter().find_map(|balancer| balancer.found.known()?.as_ref())
    }

    /// A command for this environment.
    pub(super) fn command(&self, words: &str) -> String {
        format!("docuthinker -e {} {words}", self.environment)
    }
}
