//! YAML to values with places, from the events of `saphyr-parser`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use crate::nearest::nearest;
use crate::node::Function;
use crate::path::{Path, Position, Step};
use crate::read::error::Problem;
use crate::read::tree::{Entry, Mistake, Tree, Value};
use crate::read::{MAX_ALIAS_BYTES, MAX_YAML_DEPTH, MOST_TAKEN_IN, scalar};

/// Reads the one document of a file. `None` if reading had to stop; `mistakes` then says why.
pub(super) fn read(text: &str, mistakes: &mut Vec<Mistake>) -> Option<Tree> {
    let mut reader = Reader {
        text,
        parser: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        alias_bytes: 0,
        path: Path::new(),
        mistakes,
    };
    reader.document()
}

struct Reader<'t, 'm> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    anchors: BTreeMap<usize, Anchored>,
    alias_bytes: usize,
    path: Path,
    mistakes: &'m mut Vec<Mistake>,
}

/// A value that aliases may stand for.
struct Anchored {
    tree: Tree,
    size: Size,
}

/// How much a value is: its text and something for each value in it, and its levels.
#[derive(Clone, Copy)]
struct Size {
    bytes: usize,
    depth: usize,
}

/// The key of an entry, or a mistake that was noted and from which reading can go on.
enum Key {
    Text(String),
    Mistake,
}

/// A short tag, or a tag of YAML itself.
enum Meaning {
    None,
    Text,
    Plain,
    Call(Function),
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self) -> Option<Tree> {
        let tree = loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd | Event::DocumentEnd, position) => {
                    return self.stop(position, Problem::Empty);
                }
                (event, position) => break self.tree(event, position, 1)?,
            }
        };
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Some(tree),
                (Event::DocumentStart(_), position) => return self.stop(position, Problem::SecondDocument),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Option<(Event<'t>, Position)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Some((event, position(&span.start))),
            Some(Err(error)) => {
                let at = position(error.marker());
                self.stop(at, syntax(&error))
            }
            None => None,
        }
    }

    /// The place in the file: the parser takes the end of a file for the beginning of another line.
    fn within(&self, position: Position) -> Position {
        let breaks = self.text.replace("\r\n", "\n");
        let last = breaks.rsplit(['\n', '\r']).next().unwrap_or_default();
        let lines = breaks.split(['\n', '\r']).count();
        if position.line as usize <= lines {
            return position;
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: count(lines), column: count(last.chars().count()).saturating_add(1) }
    }

    fn mistake(&mut self, position: Position, problem: Problem) {
        self.mistakes.push(Mistake { position, path: self.path.clone(), problem });
    }

    fn stop<T>(&mut self, position: Position, problem: Problem) -> Option<T> {
        let position = self.within(position);
        self.mistake(position, problem);
        None
    }

    fn tree(&mut self, event: Event<'t>, position: Position, depth: usize) -> Option<Tree> {
        if depth > MAX_YAML_DEPTH {
            return self.stop(position, Problem::TooDeep { limit: MAX_YAML_DEPTH });
        }
        let (value, tag, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, position, depth),
            Event::Scalar(text, style, anchor, tag) => {
                return self.scalar(&text, style, anchor, tag, position);
            }
            Event::SequenceStart(anchor, tag) => (Value::List(self.list(depth)?), tag, anchor),
            Event::MappingStart(anchor, tag) => (Value::Map(self.map(depth)?), tag, anchor),
            _ => return self.stop(position, Problem::Empty),
        };
        let value = match self.meaning(tag, position, &["seq", "map"]) {
            Meaning::Call(function) => Value::Tagged(function, Box::new(Tree { position, value })),
            _ => value,
        };
        self.anchored(anchor, Tree { position, value })
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'t, Tag>>,
        position: Position,
    ) -> Option<Tree> {
        let value = match self.meaning(tag, position, &["str", "int", "float", "bool", "null"]) {
            Meaning::Call(function) => {
                Value::Tagged(function, Box::new(Tree { position, value: Value::Text(text.to_owned()) }))
            }
            Meaning::None if style == ScalarStyle::Plain => scalar::plain(text),
            Meaning::Plain => scalar::plain(text),
            Meaning::None | Meaning::Text => Value::Text(text.to_owned()),
        };
        self.anchored(anchor, Tree { position, value })
    }

    /// What a tag says. `of_yaml` are YAML's own tags for this kind of value.
    fn meaning(&mut self, tag: Option<Cow<'t, Tag>>, position: Position, of_yaml: &[&str]) -> Meaning {
        let Some(tag) = tag else { return Meaning::None };
        if tag.is_yaml_core_schema() && of_yaml.contains(&tag.suffix.as_str()) {
            return if tag.suffix == "str" { Meaning::Text } else { Meaning::Plain };
        }
        if tag.handle.is_empty() && tag.suffix == "!" {
            return Meaning::Text;
        }
        let written = if tag.is_yaml_core_schema() {
            format!("!!{}", tag.suffix)
        } else {
            format!("{}{}", tag.handle, tag.suffix)
        };
        if let Some(function) = written.strip_prefix('!').and_then(Function::from_name) {
            return Meaning::Call(function);
        }
        let name = written.trim_start_matches('!').trim_start_matches("Fn::");
        let known = Function::ALL.iter().map(|function| function.name());
        let nearest = nearest(name, known).map(|name| format!("!{name}"));
        self.mistake(position, Problem::UnknownTag { tag: written, nearest });
        Meaning::None
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Tree>> {
        let mut items = Vec::new();
        loop {
            let (event, position) = self.next()?;
            if event == Event::SequenceEnd {
                return Some(items);
            }
            self.path.push_index(items.len());
            items.push(self.tree(event, position, depth + 1)?);
            self.path.pop();
        }
    }

    fn map(&mut self, depth: usize) -> Option<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut places = BTreeMap::new();
        let mut inherited = Vec::new();
        loop {
            let (event, position) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = match self.key(event, position, depth)? {
                Key::Text(key) => key,
                Key::Mistake => {
                    let (event, position) = self.next()?;
                    self.tree(event, position, depth + 1)?;
                    continue;
                }
            };
            self.path.push_key(&key);
            let (event, value_position) = self.next()?;
            let value = self.tree(event, value_position, depth + 1)?;
            if is_merge {
                self.merge(value, &mut inherited);
            } else if let Some(first) = places.get(&key) {
                let problem = Problem::DuplicateKey { key, first: *first };
                self.mistake(position, problem);
                if self.mistakes.len() <= MOST_TAKEN_IN
                    && let Some(Step::Key(key)) = self.path.steps().next_back()
                    && let Some(known) = entries.iter_mut().find(|entry: &&mut Entry| entry.key == key)
                {
                    known.value.take_in(value);
                }
            } else {
                places.insert(key.clone(), position);
                entries.push(Entry { key, position, value });
            }
            self.path.pop();
        }
        // An entry of the mapping itself wins over a merged one, and an earlier merged one over a later.
        for entry in inherited {
            if places.insert(entry.key.clone(), entry.position).is_none() {
                entries.push(entry);
            }
        }
        Some(entries)
    }

    fn key(&mut self, event: Event<'t>, position: Position, depth: usize) -> Option<Key> {
        // As written: `0123: x` and `yes: x` are these texts, as nobody means a number or a boolean.
        if let Event::Scalar(text, _, 0, None) = event {
            return Some(Key::Text(text.into_owned()));
        }
        let tree = self.tree(event, position, depth + 1)?;
        let Some(text) = tree.scalar_text() else {
            self.mistake(position, Problem::KeyNotText { found: tree.kind() });
            return Some(Key::Mistake);
        };
        Some(Key::Text(text))
    }

    fn merge(&mut self, value: Tree, merged: &mut Vec<Entry>) {
        let found = value.kind();
        match value.value {
            Value::Map(entries) => merged.extend(entries),
            Value::List(items) => {
                for item in items {
                    match item.value {
                        Value::Map(entries) => merged.extend(entries),
                        _ => self.mistake(item.position, Problem::MergeNotMap { found: item.kind() }),
                    }
                }
            }
            _ => self.mistake(value.position, Problem::MergeNotMap { found }),
        }
    }

    fn anchored(&mut self, anchor: usize, tree: Tree) -> Option<Tree> {
        if anchor != 0 {
            let size = size(&tree);
            self.count(size.bytes, tree.position)?;
            self.anchors.insert(anchor, Anchored { tree: tree.clone(), size });
        }
        Some(tree)
    }

    fn alias(&mut self, anchor: usize, position: Position, depth: usize) -> Option<Tree> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let message = "this alias stands for a value that holds the alias itself".to_owned();
            return self.stop(position, Problem::Syntax { message, hint: None });
        };
        let size = anchored.size;
        if depth + size.depth - 1 > MAX_YAML_DEPTH {
            return self.stop(position, Problem::TooDeep { limit: MAX_YAML_DEPTH });
        }
        let value = anchored.tree.value.clone();
        self.count(size.bytes, position)?;
        Some(Tree { position, value })
    }

    fn count(&mut self, bytes: usize, position: Position) -> Option<()> {
        self.alias_bytes = self.alias_bytes.saturating_add(bytes);
        if self.alias_bytes > MAX_ALIAS_BYTES {
            return self.stop(position, Problem::AliasesTooLarge { limit: MAX_ALIAS_BYTES });
        }
        Some(())
    }
}

fn size(tree: &Tree) -> Size {
    // Eight bytes for the line break, the indentation and the dash of a value that has no text of its own.
    let own = Size { bytes: 8, depth: 1 };
    let children = |sizes: &mut dyn Iterator<Item = Size>| {
        sizes.fold(own, |sum, size| Size {
            bytes: sum.bytes + size.bytes,
            depth: sum.depth.max(size.depth + 1),
        })
    };
    match &tree.value {
        Value::Null | Value::Bool(_) | Value::Number(_) => own,
        Value::Text(text) => Size { bytes: own.bytes + text.len(), depth: 1 },
        Value::List(items) => children(&mut items.iter().map(size)),
        Value::Map(entries) => children(&mut entries.iter().map(|entry| {
            let size = size(&entry.value);
            Size { bytes: size.bytes + entry.key.len(), ..size }
        })),
        Value::Tagged(_, argument) => size(argument),
    }
}

fn position(marker: &Marker) -> Position {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position { line: count(marker.line()), column: count(marker.col()).saturating_add(1) }
}

fn syntax(error: &ScanError) -> Problem {
    let info = error.info();
    if info.contains("recursion limit") {
        return Problem::TooDeep { limit: MAX_YAML_DEPTH };
    }
    // Not of what is unprintable.
    let hint = if info.starts_with("tab") || info.contains(" tab") {
        Some("indent with spaces")
    } else if info.contains("mapping values are not allowed") {
        Some("quote the text if the colon belongs to it, or check the indentation of this line")
    } else if info.contains("unknown anchor") {
        Some("define the anchor with `&name` before the alias; quote the text if the `*` belongs to it")
    } else if info.contains("simple key") || info.contains("expected ':'") || info.contains("block mapping") {
        Some("check the indentation of this line, and that each key is followed by a colon and a space")
    } else if info.contains("quoted scalar") {
        Some("check that the quotes are closed, and double each backslash within double quotes")
    } else {
        None
    };
    Problem::Syntax { message: info.to_owned(), hint }
}
