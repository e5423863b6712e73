//! CloudWatch's live tail: events as they come in, without asking again and again.
//!
//! A [session][api] is for up to 10 log groups of a region. Every second it tells what came in, and is silent of what is more than
//! 500 events, which it says. It ends after three hours. Its events have no ids, and what came in before it is not told.
//!
//! [api]: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_cloudwatchlogs::config::retry::RetryConfig;
use aws_sdk_cloudwatchlogs::config::{
    Builder, ConfigBag, Intercept, RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_cloudwatchlogs::error::BoxError;
use aws_sdk_cloudwatchlogs::types::{
    LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionUpdate,
    StartLiveTailResponseStream as Message,
};
use aws_smithy_runtime_api::client::endpoint::EndpointPrefix;
use aws_types::endpoint_config::EndpointUrl;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

use super::{LogEvent, LogQuery, told_event};
use crate::connect::Connection;
use crate::failure::ApiFailure;

const ACTION: &str = "logs:StartLiveTail";
/// How many log groups a session takes.
const MOST_GROUPS: usize = 10;
/// After how much silence a session is taken for dead: it tells something every second.
const SILENCE: Duration = Duration::from_secs(20);
/// How long after the end of a session the next one is begun.
const PAUSE: Duration = Duration::from_secs(1);
/// How often in a row a session may end before it has begun.
const TRIES: u32 = 3;
/// How many messages wait to be read.
const WAITING: usize = 64;

/// What a live tail tells.
#[derive(Debug)]
pub enum Tailed {
    /// From now on, all that comes in is told.
    Began,
    /// Events, each with the number of its place.
    Events {
        /// In the order in which AWS told them.
        events: Vec<(usize, LogEvent)>,
        /// Whether AWS left some out, because there were too many.
        sampled: bool,
    },
    /// It has ended or broken off, and will begin again: what comes in meanwhile is not told.
    Broke,
    /// There is no live tail, and why.
    Refused(String),
}

/// Follows places with live tails, one for each account and region.
pub struct LiveTail {
    sessions: JoinSet<()>,
    live: Vec<bool>,
    news: Receiver<(usize, Tailed)>,
}

/// What one session is for.
struct Plan {
    client: Client,
    groups: Vec<String>,
    prefixes: Vec<String>,
    places: Vec<TailPlace>,
}

/// Which events belong to a place.
struct TailPlace {
    number: usize,
    group: String,
    streams: Option<String>,
}

impl LiveTail {
    /// Begins to follow these places. Needs a runtime.
    ///
    /// # Errors
    ///
    /// Why that cannot be: there are too many log groups, or it is the emulator, which has no live tail.
    pub fn start(places: &[(Connection, LogQuery)]) -> Result<LiveTail, String> {
        if places.iter().any(|(connection, _)| connection.is_local()) {
            return Err("the emulator has no live tail".to_owned());
        }
        let plans = plans(places);
        if plans.iter().any(|plan| plan.groups.len() > MOST_GROUPS) {
            return Err(format!("a live tail is for at most {MOST_GROUPS} log groups"));
        }
        let (tell, news) = channel(WAITING);
        let live = vec![false; plans.len()];
        let mut sessions = JoinSet::new();
        for (at, plan) in plans.into_iter().enumerate() {
            sessions.spawn(follow(plan, at, tell.clone()));
        }
        Ok(LiveTail { sessions, live, news })
    }

    /// Whether all that comes in is told: it has [begun](Tailed::Began), and not [broken off](Tailed::Broke) since.
    pub fn is_live(&self) -> bool {
        self.live.iter().all(|live| *live)
    }

    /// What comes next. May be dropped and asked again; nothing is lost.
    pub async fn next(&mut self) -> Tailed {
        loop {
            let Some((at, told)) = self.news.recv().await else {
                return Tailed::Refused("the live tail has ended".to_owned());
            };
            match told {
                Tailed::Began => {
                    self.live[at] = true;
                    if self.is_live() {
                        return Tailed::Began;
                    }
                }
                Tailed::Broke => {
                    // Only the first of several that break is news.
                    if std::mem::replace(&mut self.live[at], false) {
                        return Tailed::Broke;
                    }
                }
                Tailed::Refused(reason) => {
                    self.sessions.abort_all();
                    return Tailed::Refused(reason);
                }
                events @ Tailed::Events { .. } => return events,
            }
        }
    }
}

/// A plan for each account and region.
fn plans(places: &[(Connection, LogQuery)]) -> Vec<Plan> {
    let mut by_region: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (number, (connection, query)) in places.iter().enumerate() {
        let identity = connection.identity();
        let region = query.region.clone().unwrap_or_else(|| identity.region.clone());
        by_region.entry((identity.account.clone(), region)).or_default().push(number);
    }
    let plan = |((account, region), numbers): ((String, String), Vec<usize>)| {
        let connection = &places[*numbers.first()?].0;
        let partition = connection.identity().partition().to_owned();
        let own: Vec<TailPlace> = numbers
            .into_iter()
            .map(|number| {
                let query = &places[number].1;
                TailPlace { number, group: query.group.clone(), streams: query.streams.clone() }
            })
            .collect();
        let groups: BTreeSet<&str> = own.iter().map(|place| place.group.as_str()).collect();
        let arn = |group: &&str| format!("arn:{partition}:logs:{region}:{account}:log-group:{group}");
        let groups: Vec<String> = groups.iter().map(arn).collect();
        let prefixes: Option<BTreeSet<String>> = own.iter().map(|place| place.streams.clone()).collect();
        // AWS takes these only with one group.
        let prefixes = prefixes.filter(|_| groups.len() == 1).unwrap_or_default().into_iter().collect();
        Some(Plan { client: client(connection, &region), groups, prefixes, places: own })
    };
    by_region.into_iter().filter_map(plan).collect()
}

/// A client that asks once, takes its time with the answer, and finds the address.
fn client(connection: &Connection, region: &str) -> Client {
    let config = Builder::from(&connection.config_in(region))
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(OneAddress)
        .build();
    Client::from_conf(config)
}

/// AWS's live tail has a host of its own, `stream-` before the others'; an address that was given has none.
#[derive(Debug)]
struct OneAddress;

impl Intercept for OneAddress {
    fn name(&self) -> &'static str {
        "one address"
    }

    fn modify_before_serialization(
        &self,
        _: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<EndpointUrl>().is_some() {
            config.interceptor_state().unset::<EndpointPrefix>();
        }
        Ok(())
    }
}

/// How a session ended.
enum End {
    /// After it had begun.
    Begun,
    /// Before it had begun; the next one may begin.
    Early(String),
    /// AWS will not have it.
    Refused(String),
    /// Nobody listens.
    Unheard,
}

/// One session after the other.
async fn follow(plan: Plan, at: usize, tell: Sender<(usize, Tailed)>) {
    let mut failures = 0;
    loop {
        let refused = match session(&plan, at, &tell).await {
            End::Begun => {
                failures = 0;
                None
            }
            End::Early(reason) => {
                failures += 1;
                (failures == TRIES).then_some(reason)
            }
            End::Refused(reason) => Some(reason),
            End::Unheard => return,
        };
        let last = refused.is_some();
        let told = refused.map_or(Tailed::Broke, Tailed::Refused);
        if tell.send((at, told)).await.is_err() || last {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn session(plan: &Plan, at: usize, tell: &Sender<(usize, Tailed)>) -> End {
    let prefixes = Some(plan.prefixes.clone()).filter(|prefixes| !prefixes.is_empty());
    let call = plan.client.start_live_tail().set_log_group_identifiers(Some(plan.groups.clone()));
    let mut stream = match call.set_log_stream_name_prefixes(prefixes).send().await {
        Ok(answer) => answer.response_stream,
        Err(error) => {
            let failure = ApiFailure::of(ACTION, &error);
            let passes = failure.passes();
            let reason = failure.into_error().to_string();
            return if passes { End::Early(reason) } else { End::Refused(reason) };
        }
    };
    let mut began = false;
    loop {
        let told = match tokio::time::timeout(SILENCE, stream.recv()).await {
            Ok(Ok(Some(Message::SessionStart(_)))) => {
                began = true;
                Tailed::Began
            }
            Ok(Ok(Some(Message::SessionUpdate(update)))) => update_told(&update, &plan.places),
            Ok(Ok(Some(_))) => continue,
            _ if began => return End::Begun,
            Ok(Ok(None)) => return End::Early(format!("{ACTION} is not answered with events")),
            Ok(Err(_)) => return End::Early(format!("the answer to {ACTION} cannot be read")),
            Err(_) => return End::Early(format!("no answer in time to {ACTION}")),
        };
        if tell.send((at, told)).await.is_err() {
            return End::Unheard;
        }
    }
}

fn update_told(update: &LiveTailSessionUpdate, places: &[TailPlace]) -> Tailed {
    let sampled = update.session_metadata().is_some_and(LiveTailSessionMetadata::sampled);
    let events = update.session_results().iter().filter_map(|event| placed(event, places));
    Tailed::Events { events: events.collect(), sampled }
}

fn placed(event: &LiveTailSessionLogEvent, places: &[TailPlace]) -> Option<(usize, LogEvent)> {
    let stream = event.log_stream_name().unwrap_or_default();
    let group = group_name(event.log_group_identifier().unwrap_or_default());
    let is_its_own = |place: &&TailPlace| {
        let prefix = place.streams.as_deref().unwrap_or_default();
        place.group == group && stream.starts_with(prefix)
    };
    let place = places.iter().find(is_its_own)?;
    Some((place.number, told_event(None, event.timestamp()?, stream, event.message()?)))
}

/// The name of a group from what AWS calls it: the name, the account before it, or the ARN.
fn group_name(identifier: &str) -> &str {
    let name = identifier.strip_suffix(":*").unwrap_or(identifier);
    // There is no colon in a name.
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_known_by_whatever_aws_calls_it() {
        for identifier in
            ["/ecs/web", "123456789012:/ecs/web", "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/web:*"]
        {
            assert_eq!(group_name(identifier), "/ecs/web", "{identifier}");
        }
    }
}
