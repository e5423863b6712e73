//! Two stacks that stand side by side, as those of two environments do: no deployment of one touches the other, so only
//! what is different is told of them, and nothing that comes of it.

use std::collections::BTreeMap;

use serde_json::Value;
use template::diff::{Action, Change, Changes, Consequence, ResourceChange, Root, SecretEvent};
use template::{Element, Template};

use crate::problem::count;

/// The environments of both.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    /// Of the stack that is compared.
    pub(crate) own: String,
    /// Of the one that it is compared with.
    pub(crate) other: String,
}

/// What marks a stack's environment in its texts: the environment's name, and the end of the stack's name.
pub(super) struct Words<'a> {
    environment: &'a str,
    /// The stack's name without its id.
    suffix: &'a str,
}

impl Sides {
    /// What is to be known before all else.
    pub(super) fn note(&self) -> String {
        format!(
            "is a stack of its own, and no deployment of one touches the other: what follows is how the two differ, \
             `{}` as it was before, `{}` as it is now",
            self.other, self.own
        )
    }

    /// How many values are left out, if any.
    pub(super) fn left_out(&self, number: usize) -> Option<String> {
        let values = count(number, "value");
        let (differs, is) = if number == 1 { ("differs", "is") } else { ("differ", "are") };
        (number > 0).then(|| {
            format!(
                "{values} {differs} only by what `{}` and `{}` are called, and {is} left out",
                self.own, self.other
            )
        })
    }
}

/// Takes out all that a deployment would do.
pub(super) fn apart(changes: &mut Changes) {
    changes.losses.clear();
    changes.refusals.clear();
    changes.given_up.clear();
    changes.renames.clear();
    changes.rolls.clear();
    changes.task_counts.clear();
    changes.exports.clear();
    let stays = |what: SecretEvent| {
        matches!(what, SecretEvent::Read | SecretEvent::NoLongerRead | SecretEvent::Unmasked)
    };
    changes.review.secrets.retain(|change| stays(change.what));
    // What only follows is the same in both.
    changes.resources.retain(|change| change.action != Action::Changed || !change.changes.is_empty());
    changes.resources.iter_mut().for_each(only_differs);
    let elements = changes.roots.iter().filter(|root| !matches!(root.cause, Element::Resource(_)));
    let elements: Vec<Root> = elements.cloned().map(alone).collect();
    changes.roots = changes.resources.iter().map(root).chain(elements).collect();
}

fn only_differs(change: &mut ResourceChange) {
    change.carried.clear();
    change.fate = None;
    change.fixed_name = None;
    change.name_taken_by = None;
    change.own = change.own.map(|_| Consequence::UpdateInPlace);
    change.consequence = change.own;
    change.changes.iter_mut().for_each(part_only_differs);
}

fn part_only_differs(part: &mut Change) {
    part.consequence = part.consequence.map(|_| Consequence::UpdateInPlace);
    part.inside.iter_mut().for_each(part_only_differs);
}

fn root(change: &ResourceChange) -> Root {
    Root {
        cause: Element::Resource(change.id.clone()),
        type_name: Some(change.type_name.clone()),
        action: change.action,
        consequence: change.consequence,
        paths: Vec::new(),
        followers: Vec::new(),
        outputs: Vec::new(),
    }
}

fn alone(root: Root) -> Root {
    Root { followers: Vec::new(), outputs: Vec::new(), ..root }
}

/// The other template with the texts of this one where the two differ by the words of their environments only, and how
/// many these are. `None` if there are none.
pub(super) fn called_alike(
    other: &Template,
    others_words: &Words<'_>,
    own: &Template,
    own_words: &Words<'_>,
) -> Option<(Template, usize)> {
    let value = |template: &Template| serde_json::from_str::<Value>(&template.to_json_minified()).ok();
    let (mut old, new) = (value(other)?, value(own)?);
    let mut texts = BTreeMap::new();
    each_text(&new, &mut |text| {
        texts.insert(text.to_owned(), own_words.without(text));
    });
    // What this side says itself somewhere means that, and is no name of the other environment.
    let mut by_rest: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (text, rest) in &texts {
        let (text, rest): (&str, &str) = (text, rest);
        let known = by_rest.entry(rest).or_insert(Some(text));
        if *known != Some(text) {
            *known = None;
        }
    }
    let mut number = 0;
    rename(&mut old, &mut |text| {
        if texts.contains_key(text) {
            return None;
        }
        let name = by_rest.get(others_words.without(text).as_str()).copied().flatten()?;
        number += 1;
        Some(name.to_owned())
    });
    let renamed = Template::parse(&old.to_string(), "").ok().filter(|_| number > 0)?;
    Some((renamed.template, number))
}

impl<'a> Words<'a> {
    pub(super) fn of(environment: &'a str, stack: &'a str, id: &str) -> Words<'a> {
        Words { environment, suffix: stack.strip_prefix(id).unwrap_or_default() }
    }

    /// A text without the words that stand in it for the environment.
    fn without(&self, text: &str) -> String {
        let suffix = self.suffix.trim_matches('-');
        let words = [self.environment, suffix].into_iter().filter(|word| !word.is_empty());
        words.fold(text.to_owned(), |text, word| without(&text, word))
    }
}

/// A text without a word, and without what ties it to the rest: `docuthinker-dev-web`, `dev-web`, `docuthinker/dev/web`.
fn without(text: &str, word: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(word) {
        kept += before;
        let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        if !alone(kept.chars().next_back()) || !alone(after.chars().next()) {
            kept += word;
            rest = after;
            continue;
        }
        rest = after;
        if kept.ends_with(['-', '_']) {
            kept.pop();
        } else if let Some(untied) = after.strip_prefix(['-', '_']) {
            rest = untied;
        } else if kept.ends_with(['/', '.', ':']) {
            kept.pop();
        }
    }
    kept + rest
}

fn each_text(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, see)),
        Value::Object(map) => map.values().for_each(|value| each_text(value, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn rename(value: &mut Value, name: &mut impl FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = name(text) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, name)),
        Value::Object(map) => map.values_mut().for_each(|value| rename(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEV: Words<'_> = Words { environment: "dev", suffix: "-dev" };
    const PROD: Words<'_> = Words { environment: "prod", suffix: "" };

    #[test]
    fn the_word_of_an_environment_is_known_wherever_it_stands() {
        for (text, rest) in [
            ("docuthinker-dev", "docuthinker"),
            ("docuthinker-dev/openai", "docuthinker/openai"),
            ("dev-backend-tg", "backend-tg"),
            ("/ecs/docuthinker-dev-backend", "/ecs/docuthinker-backend"),
            ("table/dev-jobs", "table/jobs"),
            ("docuthinker/dev/openai", "docuthinker/openai"),
            ("Stack-dev:Key:Arn and Stack-dev:Topic", "Stack:Key:Arn and Stack:Topic"),
            ("dev", ""),
            ("device-developer /devices", "device-developer /devices"),
        ] {
            assert_eq!(DEV.without(text), rest);
        }
    }

    #[test]
    fn what_differs_by_the_word_only_is_counted_and_the_rest_stays() {
        let template = |text: &str| Template::parse(text, "t.yaml").unwrap().template;
        let prod = template(
            "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs, DelaySeconds: 5, Tags: [{Key: e, Value: prod}]}}, \
             T: {Type: AWS::SNS::Topic, Properties: {TopicName: news, DisplayName: !ImportValue S:Key}}}",
        );
        let dev = template(
            "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs-dev, DelaySeconds: 9, Tags: [{Key: e, Value: dev}]}}, \
             T: {Type: AWS::SNS::Topic, Properties: {TopicName: news, DisplayName: !ImportValue S-dev:Key}}}",
        );
        let (renamed, number) = called_alike(&prod, &PROD, &dev, &DEV).unwrap();
        assert_eq!(number, 3);
        let changes = template::diff(&renamed, &dev);
        let places: Vec<&str> =
            changes.resources.iter().flat_map(|one| &one.changes).map(|part| part.place.as_str()).collect();
        assert_eq!(places, ["DelaySeconds"]);
        assert!(called_alike(&dev, &DEV, &dev, &DEV).is_none());
    }

    #[test]
    fn a_text_that_both_have_is_the_same_one() {
        let template = |name: &str, other: &str| {
            let text = format!(
                "Resources: {{A: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {name}, DisplayName: {other}}}}}}}"
            );
            Template::parse(&text, "t.yaml").unwrap().template
        };
        assert!(called_alike(&template("x", "x"), &PROD, &template("x", "x-dev"), &DEV).is_none());
    }

    #[test]
    fn nothing_is_told_of_a_deployment() {
        let template = |name: &str| {
            let text = format!(
                "Resources: {{Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {name}}}}}, \
                 T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !GetAtt Q.QueueName}}}}}}\n\
                 Outputs: {{Q: {{Value: !Ref Q, Export: {{Name: q}}}}}}"
            );
            Template::parse(&text, "t.yaml").unwrap().template
        };
        let mut changes = template::diff(&template("a"), &template("b"));
        assert!(changes.are_destructive() && !changes.exports.is_empty());
        apart(&mut changes);
        assert!(!changes.are_destructive() && changes.exports.is_empty() && changes.losses.is_empty());
        let causes: Vec<&str> = changes.roots.iter().map(|root| root.cause.name()).collect();
        assert_eq!((causes, changes.resources.len()), (vec!["Q"], 1));
    }
}
