//! Where something that Guard speaks of stands: in the template, and in the rules file.

use serde_json::Value;
use template::{Path, Position};

/// Guard's `/Resources/Service/Properties/Tags/0` as a path in `template`; nothing if it leads nowhere.
///
/// A key may hold a slash itself, so the template decides where a key ends.
pub(super) fn in_template(path: &str, template: &Value) -> Option<Path> {
    match path.strip_prefix('/') {
        Some(rest) => follow(rest, template, &Path::new()),
        None => Some(Path::new()),
    }
}

fn follow(path: &str, value: &Value, so_far: &Path) -> Option<Path> {
    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
    for end in ends {
        let (step, rest) = (&path[..end], path.get(end + 1..));
        let next = match value {
            Value::Object(map) => map.get(step).map(|value| (value, so_far.key(step))),
            Value::Array(items) => step
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index).map(|value| (value, so_far.index(index)))),
            _ => None,
        };
        let Some((value, here)) = next else { continue };
        let found = match rest {
            None => Some(here),
            Some(rest) => follow(rest, value, &here),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The path to what all of these have in common.
pub(super) fn common<'a>(mut paths: impl Iterator<Item = &'a str>) -> String {
    let first = paths.next().unwrap_or_default();
    paths.fold(first.to_owned(), |common, path| {
        let same = common.split('/').zip(path.split('/')).take_while(|(a, b)| a == b).map(|(a, _)| a);
        same.collect::<Vec<_>>().join("/")
    })
}

/// Line and column in Guard's `…Location[file:rules, line:4, column:9]…`.
pub(super) fn block(context: &str) -> Option<(u32, u32)> {
    let (_, rest) = context.split_once("Location[file:")?;
    let (_, rest) = rest.split_once(", line:")?;
    let (line, rest) = rest.split_once(", column:")?;
    let (column, _) = rest.split_once(']')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The most exact place that can be told: the message, if it stands only once in the file, else the block, else
/// the rule.
pub(super) fn in_rules(text: &str, rule: &str, message: Option<&str>, block: Option<(u32, u32)>) -> Position {
    let unique = message.and_then(|message| {
        let mut places = text.match_indices(message.trim());
        places.next().map(|(start, _)| start).filter(|_| places.next().is_none())
    });
    if let Some(start) = unique {
        return position(text, start);
    }
    if let Some((line, column)) = block {
        return Position { line, column };
    }
    let place = rules(text).into_iter().find(|(name, _)| *name == rule);
    place.map_or(Position { line: 1, column: 1 }, |(_, position)| position)
}

/// The names of the rules, and where they stand.
pub(super) fn rules(text: &str) -> Vec<(&str, Position)> {
    let mut found = vec![];
    for (line, words) in (1..).zip(text.lines()) {
        let Some(rest) = words.trim_start().strip_prefix("rule").filter(|rest| rest.starts_with([' ', '\t']))
        else {
            continue;
        };
        let name = rest.trim_start();
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        let column = words.chars().count() - name.chars().count() + 1;
        found.push((&name[..end], Position { line, column: u32::try_from(column).unwrap_or(1) }));
    }
    found
}

/// Line and column of a byte of the text.
fn position(text: &str, byte: usize) -> Position {
    let before = &text[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Position { line: u32::try_from(line).unwrap_or(1), column: u32::try_from(column).unwrap_or(1) }
}
