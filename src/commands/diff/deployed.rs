//! The comparison with what is deployed: all stacks are looked at side by side, and nothing is changed.

use std::collections::BTreeSet;
use std::time::Duration;

use cloud::{Connection, DeployedStack};
use template::Template;
use template::diff::{Options, Values};

use super::Outcome;
use super::against::{Against, changes, not_shown};
use super::new::New;
use super::report::{Compared, Expected};
use super::{change_set, drifted};
use crate::aws::{self, Aws, together};
use crate::problem::{Failure, Result};
use crate::session::Session;
use crate::templates;

/// How long the look at earlier updates may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stack and where it is, or will be.
pub(super) struct Placed {
    pub(super) new: New,
    pub(super) connection: Connection,
    pub(super) known: Option<DeployedStack>,
}

/// Compares each stack with the deployed one; where it is asked for, also what is deployed with what is there, and what is
/// predicted with a change set that AWS makes.
pub(super) fn compare(new: Vec<New>, asked: &Against, session: &mut Session<'_>) -> Result<Outcome> {
    let mut aws = Aws::new(&session.global)?;
    let placed = look(new, &mut aws, session)?;
    let mut compared = Vec::new();
    for stack in &placed {
        compared.push(one(stack, session)?);
    }
    expect(&mut compared, &placed, &aws)?;
    if asked.drift {
        drifted::look(&mut compared, &placed, &mut aws, session)?;
    }
    if asked.change_set {
        return change_set::compare(compared, placed, &aws, session);
    }
    Ok(compared.into())
}

/// Looks at all stacks. Who may not look at one is told so of each.
fn look(new: Vec<New>, aws: &mut Aws, session: &mut Session<'_>) -> Result<Vec<Placed>> {
    let mut placed = Vec::new();
    for new in new {
        let connection =
            aws.connection(new.region.as_deref(), new.account.as_deref(), &mut session.printer)?;
        placed.push(Placed { new, connection, known: None });
    }
    let looks = placed.iter().map(|stack| cloud::deployed_stack(&stack.connection, &stack.new.name));
    let answers = aws.unless_interrupted(together(looks))?;
    let mut failures: Vec<Failure> = Vec::new();
    for (stack, answer) in placed.iter_mut().zip(answers) {
        match answer {
            Ok(known) => stack.known = known.filter(|known| known.description.status != "DELETE_COMPLETE"),
            Err(error) => failures.push(aws::failure(&error)),
        }
    }
    match Failure::all(failures) {
        Some(failure) => Err(failure),
        None => Ok(placed),
    }
}

fn one(placed: &Placed, session: &mut Session<'_>) -> Result<Compared> {
    let new = &placed.new;
    let empty = placed.known.as_ref().filter(|known| aws::is_empty(&known.description));
    let status = empty.map(|known| known.description.status.clone());
    let known = placed.known.as_ref().filter(|_| status.is_none());
    let text = known.and_then(|known| known.template.as_ref());
    let read = |text: &String| templates::parse(text, &format!("the deployed {}", new.name));
    let old = text.map(read).transpose()?.map(|document| document.template);
    let options = options(placed, old.as_ref());
    let changes = changes(old.as_ref(), &new.template, &options, &mut session.printer);
    let deletion_protection = new.protected.filter(|wanted| {
        known.is_some_and(|known| old.is_some() && known.description.termination_protection != *wanted)
    });
    let mut notes = not_shown(old.as_ref(), &new.template, &changes);
    let running =
        known.map(|known| &known.description.status).filter(|status| status.ends_with("_IN_PROGRESS"));
    notes.extend(running.map(|status| {
        format!("is being changed ({status}): what is deployed may be another template in a moment")
    }));
    let deployed = old.is_some();
    Ok(Compared { deployed, status, deletion_protection, notes, ..Compared::new(new.name.clone(), changes) })
}

/// With which values the old template was deployed, and the new one would be. A parameter that is not given keeps the
/// value that it has; what AWS does not tell is not known.
fn options(placed: &Placed, old: Option<&Template>) -> Options {
    let mut old_values = pseudo(placed);
    let mut hidden = BTreeSet::new();
    let known = placed.known.as_ref().filter(|_| old.is_some());
    for (name, value) in known.into_iter().flat_map(|known| &known.parameters) {
        let no_echo = |template: &Template| template.parameters.get(name).is_some_and(|known| known.no_echo);
        let masked = value.len() >= 4 && value.bytes().all(|byte| byte == b'*');
        if masked || old.is_some_and(no_echo) || no_echo(&placed.new.template) {
            hidden.insert(name.clone());
        } else {
            old_values.insert(name.clone(), value.clone());
        }
    }
    Options { old: old_values, new: placed.new.parameters.clone(), hidden }
}

/// The pseudo parameters, which are the same before and after.
///
/// Source: [Pseudo parameters reference][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
fn pseudo(placed: &Placed) -> Values {
    let who = placed.connection.identity();
    let mut values: Values = [
        ("AWS::Region", who.region.as_str()),
        ("AWS::AccountId", &who.account),
        ("AWS::Partition", who.partition()),
        ("AWS::StackName", &placed.new.name),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let stack_id = placed.known.as_ref().map(|known| known.description.stack_id.clone());
    values.extend(stack_id.map(|id| ("AWS::StackId".to_owned(), id)));
    values
}

/// Adds how long an update takes to what would be updated. Who may not read the history is not told.
fn expect(compared: &mut [Compared], placed: &[Placed], aws: &Aws) -> Result<()> {
    let updated = compared.iter_mut().zip(placed).filter(|(one, _)| one.deployed && !one.changes.is_empty());
    let (updated, placed): (Vec<&mut Compared>, Vec<&Placed>) = updated.unzip();
    let asked = placed.iter().filter_map(|stack| {
        let known = stack.known.as_ref()?;
        Some(cloud::estimate(&stack.connection, &known.description.stack_id, PATIENCE))
    });
    for (one, typical) in updated.into_iter().zip(aws.unless_interrupted(together(asked))?) {
        let expected =
            |(time, operations): (Duration, usize)| Expected { seconds: time.as_secs(), operations };
        one.expected = typical.map(expected);
    }
    Ok(())
}
