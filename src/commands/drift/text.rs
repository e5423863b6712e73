//! What was found, in words and colours.

use std::collections::BTreeMap;
use std::fmt::Write;

use owo_colors::OwoColorize;
use template::Node;

use super::super::value;
use super::view::{Compared, Different, Part, Resource, Unchecked};
use crate::problem::{Printable, count};

impl Compared {
    /// The stack, what differs in it, and what puts it back; with `all`, also what is left out.
    pub(crate) fn text(&self, all: bool) -> String {
        if !self.deployed {
            return format!("{} is not deployed\n", self.name);
        }
        let mut text: String = self.parts.iter().map(|part| part.text(all)).collect();
        if let Some(next) = &self.next {
            text += "  a deployment compares templates only and leaves this as it is; a change set that knows of drift puts it \
                     back: make it, look at it, execute it\n";
            if self.is_shifted() {
                text += "  look at what it does to listeners, too: it may undo what ECS has shifted\n";
            }
            let _ = writeln!(text, "next: {}", Printable(next));
        }
        text
    }
}

impl Part {
    fn text(&self, all: bool) -> String {
        let mut text = format!("{}: {}\n", self.name.bold(), self.summary());
        for resource in self.resources.iter().filter(|resource| all || resource.is_drifted()) {
            write_resource(&mut text, resource, all);
        }
        if !all {
            self.write_left_out(&mut text);
        }
        self.write_unchecked(&mut text, all);
        if let Some(failure) = &self.failure {
            let _ = writeln!(text, "  {} {}", "not all was compared:".red(), Printable(failure));
        }
        text
    }

    /// How many resources were compared, and how many differ.
    pub(crate) fn summary(&self) -> String {
        let drifted = self.drifted().count();
        let compared = self.in_sync + self.resources.len();
        let resources = count(compared, "resource");
        match (drifted, self.is_complete()) {
            (0, _) if compared == 0 => "nothing could be compared".to_owned(),
            (0, true) => format!("no drift in {resources}"),
            (0, false) => format!("nothing was found to differ in {resources}"),
            (1, _) => format!("1 of {resources} differs"),
            (number, _) => format!("{number} of {resources} differ"),
        }
    }

    fn write_left_out(&self, text: &mut String) {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for why in self.left_out().filter_map(|one| one.why.as_deref()) {
            *reasons.entry(why).or_default() += 1;
        }
        let number: usize = reasons.values().sum();
        if number == 0 {
            return;
        }
        let reasons: Vec<String> = match reasons.len() {
            1 => reasons.keys().map(|why| (*why).to_owned()).collect(),
            _ => reasons.iter().map(|(why, number)| format!("{number} because {why}")).collect(),
        };
        let what = count(number, "difference");
        let _ = writeln!(text, "  {what} left out: {} (`--all` shows them)", reasons.join(", "));
    }

    fn write_unchecked(&self, text: &mut String, all: bool) {
        let (failed, unsupported): (Vec<&Unchecked>, Vec<&Unchecked>) =
            self.unchecked.iter().partition(|one| one.reason.is_some());
        for one in failed {
            let reason = one.reason.as_deref().unwrap_or_default();
            let what = format!("{} ({}): {reason}", one.logical_id, one.type_name);
            let _ = writeln!(text, "  {} {}", "? not compared".yellow(), Printable(&what));
        }
        if unsupported.is_empty() {
            return;
        }
        let mut line = format!("  {}", not_comparable(unsupported.len()));
        if all {
            let names = unsupported.iter().map(|one| format!("{} ({})", one.logical_id, one.type_name));
            let _ = write!(line, ": {}", names.collect::<Vec<_>>().join(", "));
        }
        let _ = writeln!(text, "{}", Printable(&line));
    }
}

/// So many resources are of types that nobody compares.
pub(crate) fn not_comparable(number: usize) -> String {
    format!("{} cannot be compared: CloudFormation does not support the type", count(number, "resource"))
}

fn write_resource(text: &mut String, resource: &Resource, all: bool) {
    let id = format!("{} ({})", resource.logical_id, resource.type_name);
    let what = match &resource.place.construct {
        Some(construct) => format!("{construct}: {id}"),
        None => id,
    };
    let at = resource.place.location.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
    let mark = match (resource.deleted, resource.is_drifted()) {
        (true, _) => "- deleted".red().to_string(),
        (false, true) => "~ changed".yellow().to_string(),
        (false, false) => "= as meant".green().to_string(),
    };
    let _ = writeln!(text, "  {mark} {}{}", Printable(&what), Printable(&at));
    for one in &resource.differences {
        let _ = writeln!(text, "      {}", Printable(&difference(one)));
    }
    for one in resource.left_out.iter().filter(|_| all) {
        let why = one.why.as_deref().unwrap_or_default();
        let _ = writeln!(text, "      {}  (left out: {why})", Printable(&difference(one)));
    }
}

fn difference(one: &Different) -> String {
    if one.expected == one.actual {
        return format!("{}: a secret in it is another, which is not shown", one.property);
    }
    let shown = |node: &Option<Node>| {
        node.as_ref().map_or_else(|| "nothing".to_owned(), |node| value::short(value::line(node)))
    };
    format!("{}: {} → {}", one.property, shown(&one.expected), shown(&one.actual))
}
