//! What the cost is compared with.

use std::collections::BTreeMap;
use std::path::Path;

use template::Template;

use super::super::diff::templates_in;
use super::Cost;
use super::stacks::{Chosen, Priced};
use crate::problem::{Failure, Problem, Result};
use crate::session::Session;
use crate::templates;

/// The other side.
pub(super) struct Other {
    each: Vec<Priced>,
    /// What it is called.
    pub(super) called: String,
}

impl Other {
    pub(super) fn stacks(&self) -> Vec<template::cost::Stack<'_>> {
        self.each.iter().map(Priced::stack).collect()
    }
}

/// What the options name, if they name something. It is priced as the stacks that it is compared with.
pub(super) fn of(args: &Cost, chosen: &Chosen, session: &mut Session<'_>) -> Result<Option<Other>> {
    if let Some(name) = &args.against_env {
        return environment(name, chosen, session).map(Some);
    }
    match &args.against {
        Some(path) if path.is_dir() => folder(path, chosen).map(Some),
        Some(file) => file_of(file, args, chosen).map(Some),
        None => Ok(None),
    }
}

fn file_of(file: &Path, args: &Cost, chosen: &Chosen) -> Result<Other> {
    let [stack] = chosen.each.as_slice() else {
        let names: Vec<String> = chosen.each.iter().map(|stack| format!("`{}`", stack.name)).collect();
        let problem = Problem::error("usage/no-stack", "`--against FILE` compares one stack")
            .hint(format!("name one of {}, or a folder that has all templates", names.join(", ")));
        return Err(Failure::usage(problem));
    };
    if args.template.as_deref().is_some_and(templates::is_stdin) && templates::is_stdin(file) {
        return Err(templates::stdin_twice());
    }
    let template = templates::read(file)?.document.template;
    Ok(Other { each: vec![like(stack, stack.name.clone(), template, chosen)], called: templates::name(file) })
}

/// The templates of the stacks in the folder; of all stacks also those that only the folder has.
fn folder(path: &Path, chosen: &Chosen) -> Result<Other> {
    let called = path.display().to_string();
    if chosen.environment.is_none() {
        let problem = Problem::error("usage/no-stack", "a template from a file is compared with a file")
            .hint("name the file in the folder, or leave out `--template` to price the project's stacks");
        return Err(Failure::usage(problem));
    }
    let mut each = Vec::new();
    for (id, name, template) in templates_in(path)? {
        let stack = chosen.each.iter().find(|stack| stack.name == name || stack.id == id);
        if let Some(stack) = stack.or(chosen.each.first().filter(|_| chosen.all)) {
            each.push(like(stack, name, template, chosen));
        }
    }
    Ok(Other { each, called })
}

fn environment(name: &str, chosen: &Chosen, session: &mut Session<'_>) -> Result<Other> {
    if chosen.environment.as_deref() == Some(name) {
        let message = format!("`{name}` would be compared with itself");
        let problem = Problem::error("usage/same-environment", message);
        return Err(Failure::usage(problem.hint("choose the environment that is compared with `-e NAME`")));
    }
    let wanted: Vec<String> =
        if chosen.all { Vec::new() } else { chosen.each.iter().map(|stack| stack.id.clone()).collect() };
    let stacks = session.sound_in(name, &wanted)?.stacks;
    let first = chosen.each.first();
    let each = stacks.into_iter().filter_map(|stack| {
        let own = chosen.each.iter().find(|own| own.id == stack.id).or(first)?;
        Some(like(own, stack.name, stack.template, chosen))
    });
    Ok(Other { each: each.collect(), called: name.to_owned() })
}

/// A template in the place of a stack: with its region and prices, and the values of the parameters that it has.
fn like(stack: &Priced, name: String, template: Template, chosen: &Chosen) -> Priced {
    let given = chosen.given.iter().filter(|(name, _)| template.parameters.contains_key(name));
    let parameters: BTreeMap<String, String> =
        given.map(|(name, value)| (name.clone(), value.clone())).collect();
    let (id, region) = (stack.id.clone(), stack.region.clone());
    Priced { id, name, template, parameters, region, prices: stack.prices }
}
