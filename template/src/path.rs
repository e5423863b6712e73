//! Where something stands in a template: by name (`Resources.Vpc.Properties.CidrBlock`) and by line and column.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

/// One step of a [`Path`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step<'p> {
    /// The value under a key. A function call is entered through its long name, `Fn::If`.
    Key(&'p str),
    /// The item at an index, counted from 0.
    Index(usize),
}

/// The way from the top of a template to one value, written `Resources.Service.Properties.LoadBalancers[0]`.
///
/// A key that holds a dot, a bracket or a quote is written `["a.b"]`.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Path {
    /// All keys, one after the other: a walk through a template goes down and up again without making room each time.
    keys: String,
    steps: Vec<Mark>,
}

/// Where a step ends in the text of all keys; the index, if it is one. Paths are many, and a file far smaller than 4 GiB.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Mark {
    end: u32,
    index: Option<u32>,
}

impl Mark {
    fn end(self) -> usize {
        self.end as usize
    }
}

impl Path {
    /// The top of the template.
    pub fn new() -> Path {
        Path::default()
    }

    /// The path through these keys.
    pub fn of<const N: usize>(keys: [&str; N]) -> Path {
        let mut path = Path::new();
        for key in keys {
            path.push_key(key);
        }
        path
    }

    /// This path and then `key`.
    pub fn key(&self, key: &str) -> Path {
        let mut path = self.clone();
        path.push_key(key);
        path
    }

    /// This path and then the item `index`.
    pub fn index(&self, index: usize) -> Path {
        let mut path = self.clone();
        path.push_index(index);
        path
    }

    /// Goes on to `key`.
    pub fn push_key(&mut self, key: &str) {
        self.keys.push_str(key);
        self.mark(None);
    }

    /// Goes on to the item `index`.
    pub fn push_index(&mut self, index: usize) {
        self.mark(Some(number(index)));
    }

    fn mark(&mut self, index: Option<u32>) {
        self.steps.push(Mark { end: number(self.keys.len()), index });
    }

    /// Goes on by one step.
    pub fn push(&mut self, step: Step<'_>) {
        match step {
            Step::Key(key) => self.push_key(key),
            Step::Index(index) => self.push_index(index),
        }
    }

    /// Goes back by one step.
    pub fn pop(&mut self) {
        self.steps.pop();
        self.keys.truncate(self.start(self.steps.len()));
    }

    /// This path without its last step.
    pub fn parent(&self) -> Path {
        let mut path = self.clone();
        path.pop();
        path
    }

    /// The steps from the top.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Step<'_>> + DoubleEndedIterator {
        self.steps.iter().enumerate().map(|(at, mark)| match mark.index {
            Some(index) => Step::Index(index as usize),
            None => Step::Key(&self.keys[self.start(at)..mark.end()]),
        })
    }

    /// The logical ID, if the path leads into a resource.
    pub fn resource(&self) -> Option<&str> {
        let mut steps = self.steps();
        match (steps.next(), steps.next()) {
            (Some(Step::Key("Resources")), Some(Step::Key(id))) => Some(id),
            _ => None,
        }
    }

    /// Whether this is the top of the template.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Where the key of a step begins: where the step before ends.
    fn start(&self, step: usize) -> usize {
        step.checked_sub(1).and_then(|before| self.steps.get(before)).map_or(0, |mark| mark.end())
    }
}

fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Step by step.
impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        self.steps().cmp(other.steps())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps()).finish()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.steps().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '"', '\n']) => {
                    write!(f, "[{key:?}]")?;
                }
                Step::Key(key) if place == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A place in a file, as editors count: both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_people_write_it() {
        let path = Path::of(["Resources", "Service", "Properties"]).key("LoadBalancers").index(0).key("Name");
        assert_eq!(path.to_string(), "Resources.Service.Properties.LoadBalancers[0].Name");
        assert_eq!(Path::of(["Metadata", "a.b", ""]).to_string(), r#"Metadata["a.b"][""]"#);
    }
}
