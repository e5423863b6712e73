//! Asking before anything is changed, and refusing what would lose data that nobody gave up.

mod broadening;
mod judge;
mod nested;
mod show;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cloud::{Cancel, ChangeSet, Connection, Decision, Question};
use constructs::SynthesizedStack;
use serde_json::{Value, json};
use template::{Fate, Template};

use super::Monitor;
use super::ask::{ask, is_yes, say};

use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, nearest};
use crate::shell;
pub(crate) use judge::Level;
use judge::{Deployed, How, Judgement, Loss, Verdict, judge, judge_recreation};

/// How long a question waits that is asked while an update runs: who is away must not hold it up.
const PATIENCE: Duration = Duration::from_mins(2);

/// Options that say what is asked before a change.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ApprovalOptions {
    /// Which changes somebody must approve; `--yes` approves them in advance
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    require_approval: Level,

    /// Let this resource lose its data by being replaced or removed, by logical ID (`Nested/Id` in a nested stack) or
    /// construct path; may be given again
    #[arg(long, value_name = "ID")]
    allow_replace: Vec<String>,

    /// Make the change set without what is inside of nested stacks, where CloudFormation cannot look into them in advance:
    /// it is neither shown nor guarded then
    #[arg(long)]
    pub(crate) no_nested_changes: bool,
}

impl ApprovalOptions {
    /// Whether somebody must approve every change, whatever it is.
    pub(crate) fn asks_of_any(&self) -> bool {
        self.require_approval == Level::Any
    }
}

/// How questions are answered, for all stacks of a run.
#[derive(Debug)]
pub(crate) struct Approval {
    /// With `--yes`, everything that needs only approval is approved.
    yes: bool,
    level: Level,
    allowed: Vec<String>,
    /// Whether somebody is there to answer.
    attended: bool,
    seen: Mutex<Seen>,
}

/// What came up, of all stacks.
#[derive(Debug, Default)]
struct Seen {
    /// The entries of `--allow-replace` that named something.
    used: BTreeSet<String>,
    /// The logical IDs that were to be named.
    losses: BTreeSet<String>,
    /// Why a stack was refused.
    refusals: Vec<(Asked, Failure)>,
}

/// The stack that is asked about.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) name: &'a str,
    /// The template that is to be deployed.
    pub(crate) template: &'a Template,
    /// Where its resources come from, if it is one of the project's.
    pub(crate) synthesized: Option<&'a SynthesizedStack>,
}

/// A stack's account, region and name: the same name may be in several places.
type Asked = (String, String, String);

impl About<'_> {
    fn asked(&self) -> Asked {
        let who = self.connection.identity();
        (who.account.clone(), who.region.clone(), self.name.to_owned())
    }
}

impl Approval {
    /// Answers as the options say.
    pub(crate) fn new(options: &ApprovalOptions, yes: bool) -> Approval {
        let attended = io::stdin().is_terminal() && io::stderr().is_terminal();
        Approval {
            yes,
            level: options.require_approval,
            allowed: options.allow_replace.clone(),
            attended,
            seen: Mutex::default(),
        }
    }

    /// Refuses before anything is sent where a question is sure to come and nobody is there to answer it.
    pub(crate) fn require_an_answer(&self, what: &str) -> Result<()> {
        let sure = self.level == Level::Any && !self.yes;
        if !sure || self.attended {
            return Ok(());
        }
        let problem = Problem::error(
            "usage/nobody-to-ask",
            format!("{what} needs an answer, and this is no terminal"),
        )
        .hint("to go on without a question, add `--yes`; `--require-approval` says which changes need one");
        Err(Failure::refused(problem))
    }

    /// Shows what would happen, and asks unless the answer is known.
    pub(crate) async fn decide(
        &self,
        question: Question,
        about: About<'_>,
        monitor: &Monitor<'_>,
        cancel: &Cancel,
    ) -> Decision {
        match question {
            Question::Changes(set) => self.decide_changes(&set, about, monitor, cancel).await,
            Question::Recreate { stack, status, resources } => {
                let deployed = deployed(about.connection, about.name).await;
                let allowed = |id: &str| self.allows(id, about);
                let judgement = judge_recreation(&resources, &deployed, self.level, allowed);
                monitor.say(&show::recreation_text(&stack, &status, &resources));
                let data = json!({ "question": "recreate", "status": status, "resources": resources, "judgement": judgement });
                let ask = format!("Delete {stack} and create it anew?");
                self.settle(&judgement, &data, &ask, about, monitor, cancel).await
            }
            Question::RollBack { stack, logical_id, reason, times } => {
                monitor.say(&format!("{times} tasks of {logical_id} stopped for the same reason: {reason}"));
                let ask = format!("Roll {stack} back now? Without an answer it goes on in 2 minutes.");
                self.decide_rollback(ask, monitor, cancel).await
            }
        }
    }

    async fn decide_changes(
        &self,
        set: &ChangeSet,
        about: About<'_>,
        monitor: &Monitor<'_>,
        cancel: &Cancel,
    ) -> Decision {
        let deployed =
            if set.creates_stack { Deployed::Nothing } else { deployed(about.connection, about.name).await };
        let allowed = |id: &str| self.allows(id, about);
        let known = about.connection.is_local().then(|| with_known_replacements(set));
        let set = known.as_ref().unwrap_or(set);
        let inside = nested::templates(about.connection, set).await;
        let judgement = judge(set, &deployed, about.template, &inside, self.level, allowed);
        let text = show::changes_text(set, &judgement, about.synthesized);
        let asks = judgement.verdict == Verdict::Ask && !self.yes;
        if asks {
            monitor.show_always(&text);
        } else {
            monitor.say(&text);
        }
        if let (Verdict::Go, Some(looked_for)) = (judgement.verdict, looked_for(self.level)) {
            monitor.say(&format!(
                "{looked_for}, so nobody is asked (`--require-approval {}`)",
                level_name(self.level)
            ));
        }
        let data = json!({ "question": "changes", "changeSet": set, "judgement": judgement });
        let ask = format!("Deploy these changes to {}?", set.stack);
        self.settle(&judgement, &data, &ask, about, monitor, cancel).await
    }

    /// Does what was judged.
    async fn settle(
        &self,
        judgement: &Judgement,
        data: &Value,
        ask_text: &str,
        about: About<'_>,
        monitor: &Monitor<'_>,
        cancel: &Cancel,
    ) -> Decision {
        self.look(|seen| seen.losses.extend(judgement.losses.iter().map(|loss| loss.id.clone())));
        if judgement.verdict == Verdict::Refuse {
            let arguments: Vec<String> =
                std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
            let mut failure = lost(&judgement.losses, about.name, about.synthesized, &arguments);
            failure.data = Some(Box::new(data.clone()));
            let why = failure.problems.last().map(|problem| problem.message.clone()).unwrap_or_default();
            self.look(|seen| seen.refusals.push((about.asked(), failure)));
            return Decision::Decline(why);
        }
        if judgement.verdict == Verdict::Go || self.yes {
            return Decision::Approve;
        }
        if !self.attended {
            let mut failure = unattended(judgement, self.level, about.name);
            failure.data = Some(Box::new(data.clone()));
            self.look(|seen| seen.refusals.push((about.asked(), failure)));
            return Decision::Decline("somebody must approve it, and this is no terminal".to_owned());
        }
        monitor.show_data(data);
        match self.answer(ask_text, monitor, cancel).await.as_deref() {
            Some(answer) if is_yes(answer) => Decision::Approve,
            Some(_) => Decision::Decline("not approved".to_owned()),
            None => Decision::Decline("nobody answered".to_owned()),
        }
    }

    /// Whether to stop an update that fails anyway. `--yes` says nothing about it: what was approved is the update.
    async fn decide_rollback(&self, ask_text: String, monitor: &Monitor<'_>, cancel: &Cancel) -> Decision {
        if !self.attended || monitor.is_for_programs() {
            return Decision::Decline("nobody is there to ask".to_owned());
        }
        match tokio::time::timeout(PATIENCE, self.answer(&ask_text, monitor, cancel)).await {
            Ok(Some(answer)) if is_yes(&answer) => Decision::Approve,
            Ok(Some(_)) => Decision::Decline("not approved".to_owned()),
            Ok(None) => Decision::Decline("nobody answered".to_owned()),
            Err(_) => {
                say("\n");
                monitor.resume();
                Decision::Decline("nobody answered within two minutes".to_owned())
            }
        }
    }

    /// Asks. The desk sees to it that one question stands at a time.
    async fn answer(&self, ask_text: &str, monitor: &Monitor<'_>, cancel: &Cancel) -> Option<String> {
        monitor.pause();
        let answer = ask(format!("{ask_text} [y/N] "), cancel).await;
        monitor.resume();
        answer
    }

    /// Asks whether a stack may lose its protection, unless the answer is known. Only `any` and `destructive` ask: it
    /// is the first step of a deletion, and allows nobody more.
    pub(crate) async fn confirm(&self, question: String, cancel: &Cancel) -> bool {
        let asks = matches!(self.level, Level::Any | Level::Destructive);
        if self.yes || !asks {
            return true;
        }
        self.attended && ask(format!("{question} [y/N] "), cancel).await.as_deref().is_some_and(is_yes)
    }

    /// The failure of a stack that was refused, with everything that is to be said about it; any other as it is.
    pub(crate) fn explain(&self, about: About<'_>, failure: Failure) -> Failure {
        if failure.exit != Exit::Refused {
            return failure;
        }
        let refused = self.look(|seen| {
            let at = seen.refusals.iter().position(|(asked, _)| *asked == about.asked())?;
            Some(seen.refusals.remove(at).1)
        });
        match refused {
            Some(refused) => Failure { aws: failure.aws, ..refused },
            None => failure,
        }
    }

    /// Warns of each `--allow-replace` that named nothing. Unless `all` stacks were looked at, only of those that look
    /// like a slip of the pen.
    pub(crate) fn unused(&self, all: bool) -> Vec<Problem> {
        self.look(|seen| {
            let unused = self.allowed.iter().filter(|entry| !seen.used.contains(*entry));
            let warning = |entry: &String| {
                let near = nearest(entry, seen.losses.iter().map(String::as_str));
                if !all && near.is_none() {
                    return None;
                }
                let message =
                    format!("`--allow-replace {entry}` names nothing that would lose data by being replaced or removed");
                let hint = near.map_or("leave it out".to_owned(), |near| format!("did you mean `{near}`?"));
                Some(Problem::warning("deploy/allow-replace", message).hint(hint))
            };
            unused.filter_map(warning).collect()
        })
    }

    /// Whether `--allow-replace` names the resource: by logical ID, or by construct path with or without the stack.
    fn allows(&self, id: &str, about: About<'_>) -> bool {
        let mut names = vec![id.to_owned(), format!("{}/{id}", about.name)];
        if let Some(stack) = about.synthesized
            && let Some(origin) = stack.origins.get(id)
        {
            names.extend([
                origin.path.clone(),
                format!("{}/{}", stack.name, origin.path),
                format!("{}/{}", stack.id, origin.path),
            ]);
        }
        let matching: Vec<&String> = self.allowed.iter().filter(|entry| names.contains(entry)).collect();
        self.look(|seen| seen.used.extend(matching.iter().map(|entry| (*entry).clone())));
        !matching.is_empty()
    }

    fn look<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        // A panic ends the process, so nobody sees what one would have left half done.
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The deployed template of a stack, by name or ARN. Whoever may not read it can still deploy: then all that is new
/// counts as allowed more.
async fn deployed(connection: &Connection, name: &str) -> Deployed {
    match cloud::deployed_template(connection, name).await {
        Ok(None) => Deployed::Nothing,
        Ok(Some(text)) => match Template::parse(&text, name) {
            Ok(document) => Deployed::Known(Box::new(document.template)),
            Err(_) => Deployed::Unknown("it is not understood".to_owned()),
        },
        Err(error) => Deployed::Unknown(error.report().what.clone()),
    }
}

/// What was looked for and not found, where that is why nobody is asked.
const fn looked_for(level: Level) -> Option<&'static str> {
    match level {
        Level::Broadening => Some("nothing is allowed that was not allowed before"),
        Level::Destructive => Some("nothing is removed or replaced, and no data is given up"),
        Level::Never | Level::Any => None,
    }
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Never => "never",
        Level::Broadening => "broadening",
        Level::Destructive => "destructive",
        Level::Any => "any",
    }
}

/// All data that would go and that nobody gave up, and the command that gives it up.
fn lost(losses: &[Loss], name: &str, stack: Option<&SynthesizedStack>, arguments: &[String]) -> Failure {
    let missing: Vec<&Loss> = losses.iter().filter(|loss| !loss.allowed).collect();
    let problem = |loss: &&Loss| {
        let place = show::place(&loss.id, stack);
        let at = place.unwrap_or_else(|| format!("{} ({})", loss.id, loss.resource_type));
        Problem::error("deploy/loses-data", loss_text(loss)).at(at)
    };
    let flags: Vec<String> =
        missing.iter().map(|loss| format!("--allow-replace {name}/{}", loss.id)).collect();
    let again = again(arguments, &flags.join(" "));
    let next = format!("if that is meant, save what is needed, and {again}");
    Failure { next: Some(next), ..Failure::new(Exit::Refused, missing.iter().map(problem).collect()) }
}

/// What happens to a resource and what that means for what is in it.
fn loss_text(loss: &Loss) -> String {
    let Loss { id, holds, .. } = loss;
    let how = match loss.how {
        How::Removed => "would be removed",
        How::Replaced => "would be replaced",
        How::MayBeReplaced => "may be replaced",
    };
    let then = match (loss.how, loss.fate) {
        (How::Removed, Fate::Snapshot) => format!("deleted with {holds} after a snapshot"),
        (How::Removed, Fate::DeletedIfEmpty) => {
            format!("deleted if it is empty, else it stays with {holds}, outside of the stack")
        }
        (How::Removed, Fate::Protected) => format!(
            "AWS refuses to delete it, since its deletion protection is on: it stays with {holds}, outside of the stack"
        ),
        (How::Removed, _) => format!("deleted with {holds}"),
        (_, Fate::DeletedIfEmpty) => format!(
            "a new one without {holds} takes its place, and the old one is deleted if it is empty, else it stays \
             outside of the stack"
        ),
        (_, Fate::Retained | Fate::Protected) => {
            format!("a new one without {holds} takes its place, and the old one stays outside of the stack")
        }
        (_, Fate::Snapshot) => {
            format!("a new one without {holds} takes its place, and of the old one a snapshot stays")
        }
        (_, _) => format!("a new one without {holds} takes its place, and the old one is deleted"),
    };
    format!("{id} {how}: {then}")
}

/// The same command with more options; what may be secret in it is not repeated.
fn again(arguments: &[String], flags: &str) -> String {
    let shown = |argument: &String| {
        !argument.contains("://") && (!argument.contains('=') || argument.starts_with("env="))
    };
    let Some((program, rest)) = arguments.split_first().filter(|(_, rest)| rest.iter().all(shown)) else {
        return format!("run the same command with `{flags}`");
    };
    let program =
        std::path::Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or("docuthinker");
    format!("run `{program} {} {flags}`", shell::command(rest))
}

/// Which changes need approval, where nobody can give it.
fn unattended(judgement: &Judgement, level: Level, stack: &str) -> Failure {
    let what = match level {
        Level::Broadening => "allows more than before",
        Level::Destructive => "removes or replaces something, gives up data, or may do so",
        Level::Never | Level::Any => "changes something",
    };
    let message = format!("the change of {stack} {what}: somebody must approve it, and this is no terminal");
    let mut problem = Problem::error("usage/nobody-to-ask", message)
        .hint("nothing was changed; to go on without a question, add `--yes`");
    if level == Level::Broadening {
        problem.also.extend(judgement.security.iter().map(|change| change.what.clone()));
    }
    Failure::refused(problem)
}

/// The change set with what we know of each changed property. The emulator says of every change that it may replace the
/// resource; AWS's own word is never doubted, also not if it comes through a port of this machine.
fn with_known_replacements(set: &ChangeSet) -> ChangeSet {
    let mut set = set.clone();
    for change in set.changes.iter_mut().filter(|change| change.replacement.as_deref() == Some("Conditional"))
    {
        let Some(facts) = template::facts::resource(&change.resource_type) else { continue };
        let in_place = |detail: &cloud::ChangeDetail| match &detail.name {
            Some(name) => facts.update(&[name]) == template::facts::Update::InPlace,
            None => detail.attribute != "Properties",
        };
        if !change.details.is_empty() && change.details.iter().all(in_place) {
            change.replacement = Some("False".to_owned());
            change.policy_action = None;
        }
    }
    set
}
