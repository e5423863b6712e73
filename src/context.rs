//! The context of a run: its options that belong to every command which it tells somebody to type. A command that is typed
//! without them acts on another environment, or on AWS instead of the emulator.
//!
//! Texts name our commands bare, `docuthinker redeploy backend`; the printer, through which all of them go, adds the
//! context. So nobody has to think of it where a text is made, in the crates below the command as little as here.

use std::borrow::Cow;

use serde_json::Value;

use crate::shell;

/// The options of a run that its commands share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context(Vec<Shared>);

#[derive(Debug, Clone)]
struct Shared {
    about: About,
    /// What it is called; the first name is told.
    names: &'static [&'static str],
    value: Option<String>,
}

/// What an option is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The environment and its settings.
    Environment,
    /// The file that they are in.
    File,
    /// Which AWS is meant.
    Aws,
}

/// How much of the context a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Settings,
    All,
}

const PROGRAM: &str = "docuthinker";

/// The members of our JSON that tell somebody what to do.
const TELL: [&str; 10] =
    ["advice", "also", "command", "fix", "hint", "next", "note", "notes", "state", "what"];

/// What a setting may be called, or have in its value, that is a secret.
const SECRETS: [&str; 5] = ["credential", "key", "pass", "secret", "token"];

impl Context {
    /// Adds an option with the names that it has; the first is the one to be told.
    pub(crate) fn add(&mut self, about: About, names: &'static [&'static str], value: Option<String>) {
        self.0.push(Shared { about, names, value });
    }

    /// Adds what `--set` was given. Of what may be a secret the value is for the reader to fill in.
    pub(crate) fn add_setting(&mut self, given: &str) {
        let lower = given.to_lowercase();
        let told = match given.split_once('=') {
            // A URL may have a password in it.
            Some((key, _)) if lower.contains("://") || SECRETS.iter().any(|word| lower.contains(word)) => {
                format!("{key}=…")
            }
            _ => given.to_owned(),
        };
        self.add(About::Environment, &["--set"], Some(told));
    }

    /// The text with the context in each of our commands that it names.
    ///
    /// The context comes right behind the name of the program, so nobody needs to know where a command ends. A command with
    /// an environment of its own, `docuthinker -e dr status`, does not get the settings of this one.
    pub(crate) fn complete<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.0.is_empty() || !text.contains(PROGRAM) {
            return Cow::Borrowed(text);
        }
        let mut told = String::new();
        let mut done = 0;
        for (at, _) in text.match_indices(PROGRAM) {
            let end = at + PROGRAM.len();
            let within = |before: char| before.is_alphanumeric() || "-_./".contains(before);
            let begins = !text[..at].ends_with(within);
            if let Some(named) = Named::of(&text[end..]).filter(|_| begins) {
                let place = end + named.environment;
                told += &text[done..place];
                told += &self.options(&named);
                done = place;
            }
        }
        Cow::Owned(told + &text[done..])
    }

    /// As [`Context::complete`], in what a JSON value of ours tells somebody to do.
    pub(crate) fn complete_in(&self, value: &mut Value) {
        if !self.0.is_empty() {
            self.walk(value, false);
        }
    }

    fn walk(&self, value: &mut Value, tells: bool) {
        match value {
            Value::String(text) if tells => {
                if let Cow::Owned(told) = self.complete(text) {
                    *text = told;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, tells)),
            Value::Object(members) => {
                for (name, member) in members {
                    self.walk(member, TELL.contains(&name.as_str()));
                }
            }
            _ => {}
        }
    }

    /// What the command needs and does not have, each option with a space in front.
    fn options(&self, named: &Named<'_>) -> String {
        // A template from a file has no settings, and they are refused with it.
        let of_file = named.words().any(|word| word == "--template");
        let needed = |option: &&Shared| match (named.needs, option.about) {
            (Needs::Nothing, _) | (Needs::Settings, About::Aws) => false,
            (_, About::Environment) => named.environment == 0 && !of_file,
            (_, About::File | About::Aws) => true,
        };
        let missing = |option: &&Shared| !named.words().any(|word| option.names.contains(&word));
        let mut text = String::new();
        for option in self.0.iter().filter(needed).filter(missing) {
            for word in option.names.first().copied().into_iter().chain(option.value.as_deref()) {
                text.push(' ');
                text += &shell::word(word);
            }
        }
        text
    }
}

/// A command of ours in a text.
struct Named<'t> {
    needs: Needs,
    /// How long the option behind the name of the program is that names an environment; 0 if there is none.
    environment: usize,
    /// What follows the command's name.
    rest: &'t str,
}

impl<'t> Named<'t> {
    /// What stands behind the name of the program, if that is a command.
    fn of(behind: &'t str) -> Option<Named<'t>> {
        // Where a text is broken into lines, a word may stand in the next one.
        let environment = behind.trim_start().strip_prefix("-e ").map(str::trim_start);
        let environment = environment.and_then(|own| own.find([' ', '\n']).map(|end| &own[end..]));
        let environment = environment.map_or(0, |rest| behind.len() - rest.len());
        let behind = &behind[environment..];
        let begun = behind.trim_start();
        if begun.len() == behind.len() {
            return None;
        }
        let end = begun.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(begun.len());
        let (name, rest) = begun.split_at(end);
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let needs = needs(name, rest).filter(|_| ends)?;
        Some(Named { needs, environment, rest })
    }

    /// Its arguments, and what else stands in the same line: of a long one, the beginning.
    fn words(&self) -> impl Iterator<Item = &'t str> {
        const MOST: usize = 200;
        self.rest.split(['`', '\n']).next().unwrap_or_default().split([' ', '=']).take(MOST)
    }
}

/// How much of the context the command needs, if there is one with this name.
fn needs(name: &str, rest: &str) -> Option<Needs> {
    Some(match name {
        "ci" | "completions" | "init" | "local" => Needs::Nothing,
        "validate" if [" --list", " --explain"].iter().any(|option| rest.starts_with(option)) => {
            Needs::Nothing
        }
        "config" | "list" | "synth" | "validate" => Needs::Settings,
        "backup" | "bootstrap" | "cancel" | "cost" | "deploy" | "destroy" | "diagnose" | "diff"
        | "doctor" | "drift" | "events" | "exec" | "failover" | "iam-policy" | "images" | "import"
        | "logs" | "outputs" | "redeploy" | "restore" | "rollback" | "scale" | "secrets" | "status"
        | "watch" => Needs::All,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use serde_json::json;

    use super::*;

    fn dev() -> Context {
        let mut context = Context::default();
        context.add(About::Environment, &["-e", "--env"], Some("dev".to_owned()));
        context.add(About::File, &["--config"], Some("my settings.yaml".to_owned()));
        context.add_setting("backend.memory=2048");
        context.add(About::Aws, &["--local"], None);
        context.add(About::Aws, &["--region"], Some("eu-west-1".to_owned()));
        context
    }

    const SETTINGS: &str = "-e dev --config 'my settings.yaml' --set backend.memory=2048";

    #[test]
    fn each_command_of_a_text_gets_the_context() {
        let told = |text: &str| dev().complete(text).into_owned();
        let all = format!("docuthinker {SETTINGS} --local --region eu-west-1");
        assert_eq!(told("docuthinker status"), format!("{all} status"));
        assert_eq!(
            told("first `docuthinker watch S`, then `docuthinker deploy S`, to make it anew"),
            format!("first `{all} watch S`, then `{all} deploy S`, to make it anew")
        );
        assert_eq!(told("older:\n  docuthinker\n  redeploy api"), format!("older:\n  {all}\n  redeploy api"));
        assert_eq!(told("docuthinker synth Web"), format!("docuthinker {SETTINGS} synth Web"));
    }

    #[test]
    fn what_is_no_command_of_ours_stays() {
        for text in [
            "",
            "docuthinker",
            "docuthinker 0.1.0",
            "docuthinker deploys",
            "docuthinker leaves binary values alone",
            "my-docuthinker deploy",
            "docuthinker-deploy",
            "docuthinker init",
            "docuthinker local stop, then try again",
            "`docuthinker validate --list` names all rules",
            "aws ecs list-services",
        ] {
            assert_eq!(dev().complete(text), text);
        }
        assert_eq!(Context::default().complete("docuthinker deploy S"), "docuthinker deploy S");
    }

    #[test]
    fn a_command_keeps_its_own_options() {
        let told = |text: &str| dev().complete(text).into_owned();
        let settings = "--config 'my settings.yaml'";
        assert_eq!(
            told("docuthinker -e dr scale api 1"),
            format!("docuthinker -e dr {settings} --local --region eu-west-1 scale api 1")
        );
        assert_eq!(
            told("docuthinker watch S --region us-east-1 --local"),
            format!("docuthinker {SETTINGS} watch S --region us-east-1 --local")
        );
        assert_eq!(
            told("docuthinker validate --template f"),
            format!("docuthinker {settings} validate --template f")
        );
        let once = told("`docuthinker status` and `docuthinker -e dr status`");
        assert_eq!(told(&once), once, "a text that has the context does not get it again");
    }

    #[test]
    fn what_may_be_a_secret_is_not_told() {
        for secret in [
            "api.variables.API_TOKEN=abc123",
            r#"api.variables={"DB_PASSWORD":"abc123"}"#,
            "tags.link=https://u:abc123@h/db",
        ] {
            let mut context = Context::default();
            context.add_setting(secret);
            let told = context.complete("docuthinker deploy S").into_owned();
            assert!(told.contains("=…'") && !told.contains("abc123"), "{told}");
        }
    }

    #[test]
    fn json_gets_it_where_it_tells_what_to_do() {
        let mut value = json!({
            "message": "docuthinker status",
            "next": "docuthinker status",
            "checks": [{ "fix": "docuthinker status", "also": ["docuthinker status", { "name": "docuthinker status" }] }],
        });
        let mut context = Context::default();
        context.add(About::Aws, &["--local"], None);
        context.complete_in(&mut value);
        let told = "docuthinker --local status";
        assert_eq!(value["message"], "docuthinker status");
        assert_eq!(value["next"], told);
        assert_eq!(value["checks"][0]["fix"], told);
        assert_eq!(value["checks"][0]["also"], json!([told, { "name": "docuthinker status" }]));
    }

    #[test]
    fn every_command_is_known() {
        for command in crate::cli::Cli::command().get_subcommands() {
            assert!(needs(command.get_name(), "").is_some(), "{}", command.get_name());
        }
    }
}
