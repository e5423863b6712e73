//! What of the project is deployed, and how people call it: `backend` instead of an ARN.

use cloud::{CloudError, Connection, Inventory, ServiceRef};

use super::deployed::Deployed;
use crate::aws::{self, Aws};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::project::plain;
use crate::session::Session;

/// Which deployed stacks a command works on.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct InStacks {
    /// Look only into this stack: one of the project by name, or any deployed one by name or ARN; may be given again
    #[arg(long = "stack", value_name = "STACK")]
    stacks: Vec<String>,
}

/// A deployed stack and the way to it.
pub(crate) struct Place {
    pub(crate) stack: Deployed,
    pub(crate) connection: Connection,
    pub(crate) inventory: Inventory,
}

/// A stack that is not deployed, and the way to where it would be.
pub(crate) type Undeployed = (Deployed, Connection);

impl InStacks {
    /// Only this stack; all of the project if none is named.
    pub(crate) fn only(stack: Option<String>) -> InStacks {
        InStacks { stacks: stack.into_iter().collect() }
    }

    /// Only these stacks; all of the project if none is named.
    pub(crate) fn named(stacks: Vec<String>) -> InStacks {
        InStacks { stacks }
    }

    /// The stacks that are meant, deployed, in the order of the project; at least one.
    pub(crate) fn places(&self, aws: &mut Aws, session: &mut Session<'_>) -> Result<Vec<Place>> {
        Ok(self.places_and_others(aws, session)?.0)
    }

    /// As [`InStacks::places`], and the project's stacks that are not deployed yet, if none are named.
    pub(crate) fn places_and_others(
        &self,
        aws: &mut Aws,
        session: &mut Session<'_>,
    ) -> Result<(Vec<Place>, Vec<Undeployed>)> {
        let (places, missing) = self.look(aws, session)?;
        if places.is_empty() || (!self.stacks.is_empty() && !missing.is_empty()) {
            return Err(not_deployed(&missing));
        }
        Ok((places, missing))
    }

    /// As [`InStacks::places_and_others`], also if nothing is deployed.
    pub(crate) fn look(
        &self,
        aws: &mut Aws,
        session: &mut Session<'_>,
    ) -> Result<(Vec<Place>, Vec<Undeployed>)> {
        let stacks = self.stacks(session)?;
        let mut asked = Vec::new();
        for stack in stacks {
            let connection =
                aws.connection(stack.region.as_deref(), stack.account.as_deref(), &mut session.printer)?;
            asked.push((stack, connection));
        }
        let questions = asked.iter().map(|(stack, connection)| cloud::inventory(connection, &stack.name));
        let answers = aws.unless_interrupted(aws::together(questions))?;
        let (mut places, mut failures, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for ((stack, connection), answer) in asked.into_iter().zip(answers) {
            match answer {
                Ok(Some(inventory)) => places.push(Place { stack, connection, inventory }),
                Ok(None) => missing.push((stack, connection)),
                Err(error) => failures.push(failure(&error, &stack)),
            }
        }
        if let Some(failure) = Failure::all(failures) {
            return Err(failure);
        }
        Ok((places, missing))
    }

    fn stacks(&self, session: &mut Session<'_>) -> Result<Vec<Deployed>> {
        if !self.stacks.is_empty() {
            let mut stacks: Vec<Deployed> = Vec::new();
            for stack in self.stacks.iter().map(|name| Deployed::find(name, session)) {
                let same = |one: &Deployed| (&one.name, &one.region) == (&stack.name, &stack.region);
                if !stacks.iter().any(same) {
                    stacks.push(stack);
                }
            }
            return Ok(stacks);
        }
        Ok(session.sound(&[])?.stacks.into_iter().map(Deployed::of).collect())
    }
}

fn failure(error: &CloudError, stack: &Deployed) -> Failure {
    aws::located(error, stack.synthesized.as_ref())
}

/// Says that these stacks are not deployed, and which command deploys them all.
pub(crate) fn not_deployed(missing: &[Undeployed]) -> Failure {
    let names: Vec<&str> = missing.iter().map(|(stack, _)| stack.label()).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    let problem = Problem::error("aws/not-deployed", format!("{} {are} not deployed", names.join(", ")));
    // What one of them depends on is deployed with it.
    let of_project: Vec<_> = missing.iter().filter_map(|(stack, _)| stack.synthesized.as_ref()).collect();
    let is_needed = |name: &String| of_project.iter().any(|other| other.depends_on.contains(name));
    let roots = of_project.iter().filter(|stack| !is_needed(&stack.name)).map(|stack| stack.id.as_str());
    let roots = roots.collect::<Vec<_>>().join(" ");
    let next = (!roots.is_empty()).then(|| format!("docuthinker deploy {roots}"));
    Failure { next, ..Failure::new(Exit::Blocked, vec![problem]) }
}

/// A service of a deployed stack.
#[derive(Clone)]
pub(crate) struct InService {
    /// The stack that it is in, among the places that were asked.
    pub(crate) place: usize,
    pub(crate) service: ServiceRef,
    /// What people call it: `backend`.
    pub(crate) name: String,
}

/// The services of these stacks that are called `names`; all of them if there are no names, and then at least one.
///
/// A service is called by its logical id with or without `Service` at its end, or by its name in ECS; capitals, hyphens
/// and underscores make no difference.
pub(crate) fn services(places: &[Place], names: &[String]) -> Result<Vec<InService>> {
    let all: Vec<InService> = places.iter().enumerate().flat_map(|(at, place)| in_place(at, place)).collect();
    if all.is_empty() {
        let stacks: Vec<&str> = places.iter().map(|place| place.stack.label()).collect();
        let message = format!("there is no ECS service in {}", stacks.join(", "));
        return Err(Failure::new(Exit::Blocked, vec![Problem::error("aws/no-service", message)]));
    }
    if names.is_empty() {
        return Ok(all);
    }
    let (mut chosen, mut problems): (Vec<InService>, Vec<Problem>) = (Vec::new(), Vec::new());
    for wanted in names {
        let called: Vec<&InService> = all.iter().filter(|service| service.is_called(wanted)).collect();
        match called.as_slice() {
            [] => problems.push(unknown(wanted, &all)),
            [one] if chosen.iter().any(|known| known.service.arn == one.service.arn) => {}
            [one] => chosen.push((*one).clone()),
            several => problems.push(ambiguous(wanted, several, places)),
        }
    }
    if problems.is_empty() { Ok(chosen) } else { Err(Failure::new(Exit::Usage, problems)) }
}

/// All services of one of the places.
pub(crate) fn in_place(at: usize, place: &Place) -> Vec<InService> {
    let services = place.inventory.services().into_iter();
    services.map(|service| InService { place: at, name: short(&service.logical_id), service }).collect()
}

impl InService {
    fn is_called(&self, wanted: &str) -> bool {
        let wanted = plain(wanted);
        let names = [&self.service.logical_id, &self.service.name, &self.name].map(|name| plain(name));
        names.iter().any(|name| *name == wanted || name.strip_suffix("service") == Some(&wanted))
    }
}

/// What people call a resource with this logical id: `ai-ml` for `AiMlService`.
pub(crate) fn short(logical_id: &str) -> String {
    let name = logical_id.strip_suffix("Service").filter(|name| !name.is_empty()).unwrap_or(logical_id);
    let mut short = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            short.push('-');
        }
        short.push(letter.to_ascii_lowercase());
    }
    short
}

fn unknown(wanted: &str, all: &[InService]) -> Problem {
    let problem =
        Problem::error("usage/unknown-service", format!("no deployed service is called `{wanted}`"));
    problem.maybe_hint(suggestion(wanted, all.iter().map(|service| service.name.as_str())))
}

fn ambiguous(wanted: &str, several: &[&InService], places: &[Place]) -> Problem {
    let stacks: Vec<&str> = several.iter().map(|service| places[service.place].stack.label()).collect();
    let message = format!("`{wanted}` is a service of more than one stack: {}", stacks.join(", "));
    Problem::error("usage/ambiguous-service", message).hint("say which with `--stack NAME`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_called_as_people_call_them() {
        assert_eq!(short("BackendService"), "backend");
        assert_eq!(short("AiMlService"), "ai-ml");
        assert_eq!(short("Service"), "service");
        let service = ServiceRef {
            logical_id: "AiMlService".to_owned(),
            arn: String::new(),
            cluster: "main".to_owned(),
            name: "Stack-AiMlService-1A2B".to_owned(),
        };
        let service = InService { place: 0, name: short(&service.logical_id), service };
        for right in ["ai-ml", "ai_ml", "AiMl", "AiMlService", "aiml", "Stack-AiMlService-1A2B"] {
            assert!(service.is_called(right), "{right}");
        }
        for wrong in ["", "ai", "service", "backend", "Stack"] {
            assert!(!service.is_called(wrong), "{wrong}");
        }
    }
}
