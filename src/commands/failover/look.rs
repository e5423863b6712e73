//! Asking AWS, DNS and the load balancers. Nothing is changed; what is not answered becomes a word in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cloud::{Connection, ImageName, Sought};
use template::Template;

use super::declared::{self, FailoverRecord};
use super::seen::{Balancer, Domain, Health, Seen, SeenImage, SeenSecret, SeenStack, Side, Stored};
use crate::aws::{self, Aws};
use crate::commands::estate::{InStacks, Place, Undeployed};
use crate::commands::outputs::check::{self, TIME_OUT};
use crate::commands::secrets::KnownSecrets;
use crate::commands::status::look::{self as status, Wanted};
use crate::commands::status::view::{Status, Told};
use crate::problem::{Failure, Result};
use crate::project::BuiltImage;
use crate::session::Session;
use crate::templates;

/// How long a look for a name in DNS may take.
const NAME_TIME_OUT: Duration = Duration::from_secs(5);

/// What was seen of an environment, and what is needed to look for more in it.
struct Looked {
    side: Side,
    images: Vec<BuiltImage>,
    /// By the names of stacks as they are called on the command line.
    connections: BTreeMap<String, Connection>,
}

/// Looks at both environments. Of the primary something must be deployed.
pub(super) fn look(primary: &str, standby: &str, aws: &mut Aws, session: &mut Session<'_>) -> Result<Seen> {
    let first = side(primary, true, aws, session)?;
    let own = session.global.clone();
    session.global = own.in_environment(standby);
    let second = side(standby, false, aws, session);
    session.global = own;
    let mut second = second?;
    second.side.images = aws.unless_interrupted(stored_images(&first, &second))?;
    let records = first.side.records.iter().chain(&second.side.records);
    // A wildcard can be asked for by no name.
    let name = records.map(|record| record.name.clone()).find(|name| !name.contains('*'));
    let domain = match name {
        Some(name) => {
            let addresses = aws.unless_interrupted(cloud::addresses_of(&name, NAME_TIME_OUT))?;
            Some(Domain { name, addresses: told(addresses) })
        }
        None => None,
    };
    Ok(Seen { primary: first.side, standby: second.side, domain })
}

fn told<T>(answer: Result<T, String>) -> Told<T> {
    match answer {
        Ok(known) => Told::Known(known),
        Err(unknown) => Told::Unknown { unknown },
    }
}

fn side(environment: &str, must: bool, aws: &mut Aws, session: &mut Session<'_>) -> Result<Looked> {
    let settings = session.config()?.settings;
    let images = session.project.images(&settings);
    let all = InStacks::default();
    let (places, others) = if must { all.places_and_others(aws, session)? } else { all.look(aws, session)? };
    let wanted = Wanted { services: None, images: images.clone(), settings, tasks: false, usage: None };
    let status = aws.unless_interrupted(status::look(&places, &others, &wanted))?;
    let known = KnownSecrets::read(places, &others, aws)?;
    let secrets = aws.unless_interrupted(secrets(&known))?;
    let unread = known.unread.iter().flat_map(|failure| &failure.problems);
    let unread = unread.map(|problem| problem.message.clone()).collect();
    let places = known.places;
    let parts = places.iter().map(|place| part(place, &images));
    let parts = aws.unless_interrupted(aws::together(parts))?;
    let side = put_together(environment, (status, secrets, unread), parts, &others, &places);
    let here = places.iter().map(|place| (&place.stack, &place.connection));
    let connections = here.chain(others.iter().map(|(stack, connection)| (stack, connection)));
    let connections = connections.map(|(stack, connection)| (id_of(stack), connection.clone())).collect();
    Ok(Looked { side, images, connections })
}

fn id_of(stack: &crate::commands::deployed::Deployed) -> String {
    stack.synthesized.as_ref().map_or_else(|| stack.label().to_owned(), |stack| stack.id.clone())
}

fn put_together(
    environment: &str,
    (status, secrets, unread): (Status, Vec<SeenSecret>, Vec<String>),
    parts: Vec<Part>,
    others: &[Undeployed],
    places: &[Place],
) -> Side {
    let who = places.first().map(|place| &place.connection).or(others.first().map(|(_, other)| other));
    let who = who.map(|connection| connection.identity().clone());
    let (region, account) = who.map(|who| (who.region, who.account)).unwrap_or_default();
    let mut side = Side {
        environment: environment.to_owned(),
        region,
        account,
        stacks: Vec::new(),
        status,
        secrets,
        unread,
        images: Vec::new(),
        balancers: Vec::new(),
        health: Vec::new(),
        certificates: Vec::new(),
        records: Vec::new(),
    };
    for part in parts {
        side.stacks.push(part.stack);
        side.balancers.extend(part.balancers);
        side.health.extend(part.health);
        side.certificates.extend(part.certificates);
        side.records.extend(part.records);
        side.unread.extend(part.unread);
    }
    side.stacks.extend(others.iter().map(|(stack, _)| SeenStack {
        id: id_of(stack),
        name: stack.label().to_owned(),
        state: None,
        deployed: Told::Known(None),
        wanted: template_of(stack),
    }));
    side
}

fn template_of(stack: &crate::commands::deployed::Deployed) -> Template {
    stack.synthesized.as_ref().map(|stack| stack.template.clone()).unwrap_or_default()
}

/// What is known of the secrets; no value is read.
async fn secrets(known: &KnownSecrets) -> Vec<SeenSecret> {
    let questions = known.secrets.iter().map(async |secret| {
        let stored = cloud::secrets::stored_secret(&secret.connection, &secret.id).await;
        let variables = secret.uses.iter().map(|one| (one.service.clone(), one.variable.clone()));
        let (name, variables) = (secret.name.clone(), variables.collect());
        SeenSecret { name, variables, stored: Told::of(stored) }
    });
    aws::together(questions).await
}

/// What one deployed stack adds.
struct Part {
    stack: SeenStack,
    balancers: Vec<Balancer>,
    health: Vec<Health>,
    certificates: Vec<(String, Told<Option<cloud::preflight::Certificate>>)>,
    records: Vec<FailoverRecord>,
    unread: Vec<String>,
}

async fn part(place: &Place, images: &[BuiltImage]) -> Part {
    let described = &place.inventory.stack;
    let deployed = deployed(place).await;
    let template = deployed.known().and_then(Option::as_ref);
    let (balancers, certificates, records) =
        tokio::join!(balancers(place), certificates(place, template), records(place, template));
    let health = health(place, &balancers, images).await;
    let (records, unread) = records;
    let stack = SeenStack {
        id: id_of(&place.stack),
        name: described.name.clone(),
        state: Some(described.status.clone()),
        wanted: template_of(&place.stack),
        deployed,
    };
    Part { stack, balancers, health, certificates, records, unread: unread.into_iter().collect() }
}

async fn deployed(place: &Place) -> Told<Option<Template>> {
    let stack = &place.inventory.stack;
    match cloud::deployed_template(&place.connection, &stack.stack_id).await {
        Err(error) => Told::Unknown { unknown: error.to_string() },
        Ok(None) => Told::Known(None),
        Ok(Some(text)) => {
            told(templates::parse(&text, &stack.name).map(|read| Some(read.template)).map_err(first))
        }
    }
}

/// The first of what went wrong, in words.
fn first(failure: Failure) -> String {
    failure.problems.into_iter().next().map(|problem| problem.message).unwrap_or_default()
}

async fn balancers(place: &Place) -> Vec<Balancer> {
    let balancers = place.inventory.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer");
    let questions = balancers.map(async |(_, arn)| {
        let found = Told::of(cloud::load_balancer(&place.connection, arn).await);
        let name = found.known().and_then(Option::as_ref).map(|balancer| balancer.dns_name.clone());
        let addresses = if let Some(name) = name {
            told(cloud::addresses_of(&name, NAME_TIME_OUT).await)
        } else {
            let why = found.unknown().unwrap_or("the load balancer is gone").to_owned();
            Told::Unknown { unknown: why }
        };
        Balancer { found, addresses }
    });
    aws::together(questions).await
}

async fn certificates(
    place: &Place,
    template: Option<&Template>,
) -> Vec<(String, Told<Option<cloud::preflight::Certificate>>)> {
    let named = template.map(declared::certificates).unwrap_or_default();
    let arn = |name: String| if name.starts_with("arn:") { Some(name) } else { physical(place, &name) };
    let questions = named.into_iter().filter_map(arn).map(async |arn| {
        let found = cloud::preflight::certificate(&place.connection, &arn).await;
        (arn, Told::of(found))
    });
    aws::together(questions).await
}

fn physical(place: &Place, logical_id: &str) -> Option<String> {
    place.inventory.physical_id(logical_id).map(str::to_owned)
}

/// The failover records, and why it is not known what they lead to.
async fn records(place: &Place, template: Option<&Template>) -> (Vec<FailoverRecord>, Option<String>) {
    let Some(template) = template.filter(|template| declared::fails_over(template)) else {
        return (Vec::new(), None);
    };
    let (exports, unread) = match cloud::list_exports(&place.connection).await {
        Ok(exports) => (exports, None),
        Err(error) => (Vec::new(), Some(format!("what the records lead to: {error}"))),
    };
    let exports = exports.into_iter().map(|export| (export.name, export.value)).collect();
    (declared::records(&id_of(&place.stack), template, &exports), unread)
}

/// Asks the addresses of a stack at its own load balancer, whatever their name leads to now.
async fn health(place: &Place, balancers: &[Balancer], images: &[BuiltImage]) -> Vec<Health> {
    let stack = &place.inventory.stack;
    let addresses = check::addresses(&stack.name, &stack.outputs, images);
    let balancer = balancers.first();
    let questions = addresses.into_iter().map(async |(_, output, url)| {
        let own = balancer.and_then(|balancer| balancer.found.known()?.as_ref());
        // The name may lead to the other region, unless it is the load balancer's own or there is none to compare with.
        let is_own = own.map_or(balancer.is_none(), |own| host_of(&url).eq_ignore_ascii_case(&own.dns_name));
        let answer = match balancer.map(|balancer| &balancer.addresses) {
            Some(Told::Known(addresses)) if !is_own => {
                let addresses: Vec<_> = addresses.iter().copied().collect();
                Told::Known(cloud::call_address_at(&url, &addresses, TIME_OUT).await)
            }
            Some(Told::Unknown { unknown }) if !is_own => Told::Unknown {
                unknown: format!("the load balancer's name cannot be looked up here: {unknown}"),
            },
            _ => Told::Known(cloud::call_address(&url, TIME_OUT).await),
        };
        Health { output, answer }
    });
    aws::together(questions).await
}

/// The host of an address, with its port if it names one that is not of its scheme.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.strip_suffix(":443").or(host.strip_suffix(":80")).unwrap_or(host)
}

/// The images that the primary runs, looked for in the standby's registry.
async fn stored_images(primary: &Looked, standby: &Looked) -> Vec<SeenImage> {
    let questions = primary.images.iter().flat_map(|image| {
        let digests = running(&primary.side, &image.container);
        let there = standby.images.iter().find(|other| other.container == image.container);
        let connection = there.and_then(|there| standby.connections.get(&there.repository_stack));
        digests.into_iter().filter_map(move |digest| Some((there?, connection?, digest)))
    });
    let questions = questions.map(async |(image, connection, digest)| {
        let name = ImageName::Digest(digest.clone());
        let found = cloud::find_image(connection, &image.repository, &name).await;
        let found = found.map(|sought| match sought {
            Sought::Found(_) => Stored::There,
            Sought::NoImage => Stored::NoImage,
            Sought::NoRepository => Stored::NoRepository,
        });
        SeenImage {
            container: image.container.clone(),
            repository: image.repository.clone(),
            made_by: image.repository_stack.clone(),
            digest,
            found: Told::of(found),
        }
    });
    aws::together(questions).await
}

/// The digests that containers of this name run.
fn running(side: &Side, container: &str) -> BTreeSet<String> {
    let images = side.services().flat_map(|(_, service)| service.images.known().into_iter().flatten());
    let images = images.filter(|image| image.container == container).flat_map(|image| &image.running);
    images.filter_map(|one| one.known_digest().map(str::to_owned)).collect()
}
