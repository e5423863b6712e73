//! Whether the addresses of the services answer.

use std::time::Duration;

use cloud::Output;
use serde::Serialize;

use crate::aws::{self, Aws};
use crate::problem::{Printable, Result};
use crate::project::BuiltImage;

/// How long an address may take.
pub(in crate::commands) const TIME_OUT: Duration = Duration::from_secs(10);
/// Where a service is asked if the project does not say.
const HEALTH: &str = "/health";

/// An address that was asked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Check {
    stack: String,
    output: String,
    /// The address that was asked.
    url: String,
    pub(super) well: bool,
    #[serde(flatten)]
    answer: cloud::Answer,
}

/// The addresses of a stack: those of the project's services; every output that is an address otherwise.
pub(in crate::commands) fn addresses(
    stack: &str,
    outputs: &[Output],
    images: &[BuiltImage],
) -> Vec<(String, String, String)> {
    let of_services: Vec<(&str, &str)> = images
        .iter()
        .filter(|image| image.stack == stack && !image.output.is_empty())
        .map(|image| (image.output.as_str(), image.health.as_str()))
        .collect();
    let address =
        |output: &&Output| output.value.starts_with("http://") || output.value.starts_with("https://");
    let health = |key: &str| match of_services.iter().find(|(name, _)| *name == key) {
        Some((_, health)) => Some(*health),
        None => of_services.is_empty().then_some(HEALTH),
    };
    let known = outputs.iter().filter(address).filter_map(|output| Some((output, health(&output.key)?)));
    known
        .map(|(output, health)| {
            let url = format!("{}/{}", output.value.trim_end_matches('/'), health.trim_start_matches('/'));
            (stack.to_owned(), output.key.clone(), url)
        })
        .collect()
}

/// Asks all addresses at the same time.
pub(super) fn check(addresses: Vec<(String, String, String)>, aws: &Aws) -> Result<Vec<Check>> {
    let questions = addresses.into_iter().map(async |(stack, output, url)| {
        let answer = cloud::call_address(&url, TIME_OUT).await;
        Check { stack, output, well: answer.is_well(), url, answer }
    });
    aws.unless_interrupted(aws::together(questions))
}

impl Check {
    /// The check in one line.
    pub(super) fn line(&self) -> String {
        let answer = &self.answer;
        let said = match (answer.status, &answer.failure) {
            (Some(status), _) => format!("answers {status}"),
            (None, failure) => {
                format!("does not answer: {}", failure.as_deref().unwrap_or("nothing is known"))
            }
        };
        let took = answer.took.as_millis();
        let mark = if self.well { ' ' } else { '!' };
        let from =
            if answer.address == self.url { String::new() } else { format!(", from {}", answer.address) };
        let line =
            format!("{mark} {}.{}: {} {said} after {took} ms{from}", self.stack, self.output, self.url);
        format!("{}\n", Printable(&line))
    }
}
