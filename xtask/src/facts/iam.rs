//! The services that IAM knows, with their actions.
//!
//! The source writes all names in lower case and lags a little behind the resource types: what their handlers need
//! is joined in, and tells how names are written.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use template::facts::{IamService, ResourceFacts};

use super::text;
use crate::cfn_lint::Service;
use crate::sources::Sources;

/// What handlers claim to need though it is no action: the names of calls whose permission has another name, of
/// services whose prefix is another, and slips.
const NO_ACTIONS: [&str; 10] = [
    "efs:*",
    "emr:*",
    "iam:AssumeRole",
    "iam:DescribeOrganization",
    "initech:*",
    "kms:ReEncrypt",
    "lambda:Invoke",
    "noservice:*",
    "s3:*",
    "stepfunctions:*",
];

/// All services by prefix.
pub(crate) fn services(sources: &Sources, facts: &[ResourceFacts]) -> Result<Vec<IamService>> {
    let needed = needed(facts);
    let words = Words::of(needed.keys().map(|(_, action)| *action));
    let mut written: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
    // Handlers write `ModifyVpcEndpoint` and now and then `ModifyVpcEndPoint`; the more usual comes last and stays.
    let mut usual: Vec<_> = needed.iter().map(|(name, count)| (count, name)).collect();
    usual.sort_unstable();
    for (_, (prefix, action)) in usual {
        let actions = written.entry(prefix.to_ascii_lowercase()).or_default();
        actions.insert(action.to_ascii_lowercase(), action);
    }
    let none = Service { actions: BTreeMap::new(), resources: BTreeMap::new() };
    let unwritten = BTreeMap::new();
    let prefixes: BTreeSet<&String> = sources.lint.services.keys().chain(written.keys()).collect();
    let mut services = Vec::new();
    for prefix in prefixes {
        let known = sources.lint.services.get(prefix).unwrap_or(&none);
        let written = written.get(prefix).unwrap_or(&unwritten);
        let service = service(prefix, known, written, &words).with_context(|| format!("service {prefix}"))?;
        if !service.actions.is_empty() {
            services.push(service);
        }
    }
    Ok(services)
}

/// The actions that handlers need, as they write them, and how often: prefix and name, none with a wildcard.
fn needed(facts: &[ResourceFacts]) -> BTreeMap<(&'static str, &'static str), usize> {
    let handlers = facts.iter().map(|facts| &facts.handlers);
    let all = handlers.flat_map(|handlers| {
        let each = [&handlers.create, &handlers.read, &handlers.update, &handlers.delete];
        each.into_iter().flat_map(|handler| &handler.permissions).chain(&handlers.tag)
    });
    let is_action = |action: &str| action.chars().all(|c| c.is_ascii_alphanumeric());
    let mut needed = BTreeMap::new();
    for (prefix, action) in all.filter_map(|permission| permission.split_once(':')) {
        if !prefix.is_empty() && !action.is_empty() && is_action(action) {
            *needed.entry((prefix, action)).or_insert(0) += 1;
        }
    }
    needed
}

fn is_no_action(prefix: &str, action: &str) -> bool {
    let is = |other: &str| other == "*" || other.eq_ignore_ascii_case(action);
    NO_ACTIONS.iter().filter_map(|no| no.split_once(':')).any(|(no, other)| no == prefix && is(other))
}

fn service(
    prefix: &str,
    known: &Service,
    written: &BTreeMap<String, &'static str>,
    words: &Words,
) -> Result<IamService> {
    // The source spells the names of some resources in two ways.
    let resources: BTreeMap<String, &Vec<String>> =
        known.resources.iter().map(|(name, form)| (name.to_lowercase(), &form.arns)).collect();
    let mut arns = Arns(vec![]);
    let mut actions: BTreeMap<&str, (&'static str, Vec<u16>)> = BTreeMap::new();
    for (name, named) in &known.actions {
        let mut places = BTreeSet::new();
        for resource in &named.resources {
            match resources.get(&resource.to_lowercase()) {
                Some(forms) => {
                    for arn in *forms {
                        places.insert(arns.place(&arn.replace(".*", "*"))?);
                    }
                }
                // Of a resource of another service the source has no form.
                None => _ = places.insert(arns.place("*")?),
            }
        }
        let cased = written.get(name).copied().unwrap_or_else(|| text(&words.cased(name)));
        actions.insert(name, (cased, places.into_iter().collect()));
    }
    for (name, cased) in written.iter().filter(|(name, _)| !is_no_action(prefix, name)) {
        if !actions.contains_key(name.as_str()) {
            // The source does not know it, so nothing tells whether it can be narrowed.
            actions.insert(name, (cased, vec![arns.place("*")?]));
        }
    }
    Ok(IamService { prefix: text(prefix), actions: actions.into_values().collect(), arns: arns.0 })
}

/// The forms of a service's ARNs, none twice.
struct Arns(Vec<&'static str>);

impl Arns {
    fn place(&mut self, arn: &str) -> Result<u16> {
        let at = self.0.iter().position(|known| *known == arn).unwrap_or_else(|| {
            self.0.push(text(arn));
            self.0.len() - 1
        });
        Ok(u16::try_from(at)?)
    }
}

/// The words of which names of actions consist, for `createservice` to become `CreateService`.
struct Words(BTreeMap<String, (String, usize)>);

impl Words {
    fn of<'a>(names: impl Iterator<Item = &'a str>) -> Words {
        let mut words = BTreeMap::new();
        for name in names.filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())) {
            let starts = name.char_indices().filter(|(_, c)| c.is_ascii_uppercase()).map(|(at, _)| at);
            let starts: Vec<usize> = starts.chain([name.len()]).collect();
            // One capital after the other is an abbreviation, which takes the last as the start of the next word.
            let mut start = 0;
            for pair in starts.windows(2).filter(|pair| pair[1] - pair[0] > 1 || pair[1] == name.len()) {
                for word in [&name[start..pair[0]], &name[pair[0]..pair[1]]] {
                    if !word.is_empty() {
                        words.entry(word.to_ascii_lowercase()).or_insert((word.to_owned(), 0)).1 += 1;
                    }
                }
                start = pair[1];
            }
        }
        Words(words)
    }

    /// The name in words, as few and as usual as possible; what is no word stays as it is.
    fn cased(&self, name: &str) -> String {
        // Per length of the beginning: what it costs, and where its last word starts.
        let mut best = vec![(0, 0)];
        for end in 1..=name.len() {
            let ways = (0..end).map(|start| {
                let word = name.get(start..end).unwrap_or_default();
                let cost = match self.0.get(word) {
                    Some((_, count)) => 16 - count.ilog2().min(12),
                    None => (0..word.len()).map(|_| 20).sum(),
                };
                (best[start].0 + cost, start)
            });
            let cheapest = ways.min();
            best.push(cheapest.unwrap_or_default());
        }
        let (mut end, mut parts) = (name.len(), Vec::new());
        while end > 0 {
            let start = best[end].1;
            let word = name.get(start..end).unwrap_or_default();
            let mut word = self.0.get(word).map_or_else(|| word.to_owned(), |(word, _)| word.clone());
            if let Some(first) = word.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            parts.push(word);
            end = start;
        }
        parts.reverse();
        parts.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_the_words_of_other_names() {
        let words = Words::of(["CreateDBCluster", "DescribeServices", "SendMail", "GetMessage"].into_iter());
        assert_eq!(words.cased("senddbmessage"), "SendDBMessage");
        assert_eq!(words.cased("describemail"), "DescribeMail");
        assert_eq!(words.cased("createquux"), "CreateQuux");
    }

    #[test]
    fn the_names_of_calls_are_no_actions() {
        assert!(is_no_action("s3", "headbucket") && is_no_action("kms", "reencrypt"));
        assert!(!is_no_action("kms", "reencryptto"));
    }
}
