//! JSON to nodes and their places, in one go: it is what most of the time of reading is spent on.
//!
//! `serde_json` gives no places of values and takes the last of two equal keys, so the structure is read here;
//! what a string or a number is, `serde_json` decides.

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use serde_json::Number;

use crate::node::{Map, Node};
use crate::path::{Path, Position};
use crate::read::error::Problem;
use crate::read::positions::Positions;
use crate::read::tree::Mistake;
use crate::read::{MAX_JSON_DEPTH, MOST_TAKEN_IN};

/// Reads a file that is one JSON value. `None` if reading had to stop; `mistakes` then says why.
pub(super) fn read(text: &str, mistakes: &mut Vec<Mistake>) -> Option<(Node, Positions)> {
    let mut reader = Reader {
        text,
        at: 0,
        counted: 0,
        position: START,
        path: Path::new(),
        positions: Positions::new(text.len()),
        items: Vec::new(),
        entries: Vec::new(),
        mistakes,
    };
    reader.space();
    let node = reader.part(None, 1)?;
    reader.space();
    if reader.at < text.len() {
        return reader
            .stop("more text after the end of the value", Some("remove what follows the last brace"));
    }
    Some((node, reader.positions))
}

struct Reader<'t, 'm> {
    text: &'t str,
    /// The next byte.
    at: usize,
    /// The byte up to which the position is counted. A minified file is one long line, so that counting from
    /// its start each time would never end.
    counted: usize,
    position: Position,
    path: Path,
    positions: Positions,
    /// The items of the lists that are open, and the entries of the mappings: when one is closed, it is known how many it
    /// has, and is given room for just these.
    items: Vec<Node>,
    entries: Vec<Entry>,
    mistakes: &'m mut Vec<Mistake>,
}

struct Entry {
    key: String,
    /// Where the key stands.
    position: Position,
    value: Node,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.at += 1;
            // As in YAML, a carriage return that is not half of a break is one.
            if byte == b'\n' || (byte == b'\r' && self.peek() != Some(b'\n')) {
                self.position = Position { line: self.position.line.saturating_add(1), column: 1 };
                self.counted = self.at;
            }
        }
    }

    /// The position of the next character. No token has a line break in it, only white space has.
    fn position(&mut self) -> Position {
        let characters = self.text.get(self.counted..self.at).map_or(0, |text| text.chars().count());
        self.position.column =
            u32::try_from(characters).unwrap_or(u32::MAX).saturating_add(self.position.column);
        self.counted = self.at;
        self.position
    }

    fn stop<T>(&mut self, message: &str, hint: Option<&'static str>) -> Option<T> {
        let problem = Problem::Syntax { message: message.to_owned(), hint };
        let position = self.position();
        self.mistake(position, problem);
        None
    }

    fn mistake(&mut self, position: Position, problem: Problem) {
        self.mistakes.push(Mistake { position, path: self.path.clone(), problem });
    }

    /// A value and its place: where its key stands, or where it stands itself.
    fn part(&mut self, key: Option<(&str, Position)>, depth: usize) -> Option<Node> {
        let position = key.map_or_else(|| self.position(), |(_, position)| position);
        let place = self.positions.open(key.map(|(key, _)| key), position);
        let node = self.node(depth)?;
        self.positions.close(place);
        Some(node)
    }

    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_JSON_DEPTH {
            let position = self.position();
            self.mistake(position, Problem::TooDeep { limit: MAX_JSON_DEPTH });
            return None;
        }
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Node::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
            None => self.stop("the file ends where a value belongs", Some(CLOSE)),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Node> {
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Some(Node::List(Vec::new()));
        }
        let first = self.items.len();
        loop {
            self.space();
            self.path.push_index(self.items.len() - first);
            let item = self.part(None, depth + 1)?;
            self.items.push(item);
            self.path.pop();
            self.space();
            if self.take(b']') {
                return Some(Node::List(self.items.split_off(first)));
            }
            self.comma("expected `,` or `]` after an item of a list")?;
            if self.peek() == Some(b']') {
                return self
                    .stop("expected another item after the comma", Some("remove the comma before `]`"));
            }
        }
    }

    fn map(&mut self, depth: usize) -> Option<Node> {
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Some(Node::Map(Map::new()));
        }
        let mut known = Known { first: self.entries.len(), index: IndexMap::default() };
        loop {
            let position = self.position();
            if self.peek() != Some(b'"') {
                return self.stop("expected a key in double quotes", Some("keys of JSON are quoted"));
            }
            let key = self.string()?;
            self.path.push_key(&key);
            self.space();
            if !self.take(b':') {
                return self.stop("expected `:` after the key", None);
            }
            self.space();
            let value = self.part(Some((&key, position)), depth + 1)?;
            self.entry(&mut known, Entry { key, position, value });
            self.path.pop();
            self.space();
            if self.take(b'}') {
                let entries = self.entries.drain(known.first..);
                return Some(Node::from_entries(entries.map(|entry| (entry.key, entry.value)).collect()));
            }
            self.comma("expected `,` or `}` after an entry")?;
            if self.peek() == Some(b'}') {
                return self
                    .stop("expected another entry after the comma", Some("remove the comma before `}`"));
            }
        }
    }

    /// Takes an entry among those of the mapping, unless its key is there.
    fn entry(&mut self, known: &mut Known, entry: Entry) {
        if let Some(at) = known.place_of(&self.entries, &entry.key)
            && let Some(there) = self.entries.get_mut(at)
        {
            if self.mistakes.len() < MOST_TAKEN_IN {
                there.value.take_in(entry.value);
            }
            let first = there.position;
            self.mistake(entry.position, Problem::DuplicateKey { key: entry.key, first });
        } else {
            self.entries.push(entry);
        }
    }

    fn comma(&mut self, message: &str) -> Option<()> {
        if !self.take(b',') {
            let hint = if self.peek().is_none() { CLOSE } else { "check the commas" };
            return self.stop(message, Some(hint));
        }
        self.space();
        Some(())
    }

    /// A string, from its first quote; the end is the first quote that no backslash stands before.
    fn string(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        // Most strings mean what they say.
        let special = |byte: u8| matches!(byte, b'"' | b'\\') || byte < b' ';
        if let Some(end) = rest.bytes().skip(1).position(special)
            && rest.as_bytes().get(end + 1) == Some(&b'"')
        {
            self.at += end + 2;
            return Some(rest[1..=end].to_owned());
        }
        let mut escaped = false;
        let end = rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            return self.stop("the string is not closed", Some("end it with a double quote"));
        };
        let literal = &rest[..end + 2];
        match serde_json::from_str(literal) {
            Ok(string) => {
                self.at += literal.len();
                Some(string)
            }
            Err(error) => {
                let (message, hint) = if error.to_string().contains("control character") {
                    ("a line break or another control character within a string", "write `\\n` or `\\t`")
                } else {
                    ("an escape that JSON does not have", "double the backslash if it belongs to the text")
                };
                self.stop(message, Some(hint))
            }
        }
    }

    fn number(&mut self) -> Option<Node> {
        let rest = &self.text[self.at..];
        let in_number = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let end = rest.bytes().position(|byte| !in_number(byte)).unwrap_or(rest.len());
        let literal = &rest[..end];
        match serde_json::from_str::<Number>(literal) {
            // An integer of more than 64 bits would silently lose its last digits.
            Ok(number) if number.is_f64() && !literal.contains(['.', 'e', 'E']) && literal != "-0" => {
                self.at += end;
                Some(Node::String(literal.to_owned()))
            }
            // `serde_json` may be off by the last digit of a float, unless its slower way is switched on.
            Ok(number) => {
                self.at += end;
                let exact =
                    number.is_f64().then(|| literal.parse().ok().and_then(Number::from_f64)).flatten();
                Some(Node::Number(exact.unwrap_or(number)))
            }
            Err(error) if error.to_string().contains("out of range") => {
                self.stop("the number is too large", Some("write it as text, in double quotes"))
            }
            Err(_) => self.stop("this is not a number of JSON", Some("write it as text, in double quotes")),
        }
    }

    fn word(&mut self) -> Option<Node> {
        let words = [("true", Node::Bool(true)), ("false", Node::Bool(false)), ("null", Node::Null)];
        for (word, value) in words {
            let after = self.text[self.at..].strip_prefix(word);
            if after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')) {
                self.at += word.len();
                return Some(value);
            }
        }
        self.stop("expected a value", Some("text of JSON is in double quotes"))
    }
}

/// Which keys a mapping has. Only a large one needs an index to be searched in.
struct Known {
    /// Where its entries begin in [`Reader::entries`].
    first: usize,
    /// Where the keys stand there, as soon as there are more than [`FEW`].
    index: IndexMap<String, usize, RandomState>,
}

/// So many keys are compared sooner than an index is made.
const FEW: usize = 16;

impl Known {
    fn place_of(&mut self, entries: &[Entry], key: &str) -> Option<usize> {
        let own = entries.get(self.first..)?;
        if own.len() <= FEW {
            return own.iter().position(|entry| entry.key == key).map(|at| self.first + at);
        }
        for (at, entry) in own.iter().enumerate().skip(self.index.len()) {
            self.index.insert(entry.key.clone(), self.first + at);
        }
        self.index.get(key).copied()
    }
}

const START: Position = Position { line: 1, column: 1 };

const CLOSE: &str = "close every brace and bracket";
