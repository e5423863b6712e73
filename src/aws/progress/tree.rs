//! The resources of one stack as a tree of constructs, and what each branch comes to.

use std::time::Duration;

use cloud::Timestamp;

use super::picture::{Picture, Row};
use super::words::{Mood, between};

/// A construct, or a resource.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) name: String,
    pub(super) children: Vec<Node<'a>>,
    /// Its resource, and its logical id.
    pub(super) row: Option<(&'a str, &'a Row)>,
}

/// What a branch comes to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) total: usize,
    pub(super) over: usize,
    pub(super) busy: usize,
    pub(super) failed: usize,
    pub(super) taken_back: usize,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    longest: Duration,
}

impl Sum {
    /// Its mood: that of its worst part.
    pub(super) fn mood(self) -> Mood {
        if self.busy > 0 {
            Mood::Busy
        } else if self.failed > 0 {
            Mood::Bad
        } else if self.over == 0 {
            Mood::Waiting
        } else if self.over < self.total {
            Mood::Busy
        } else if self.taken_back > 0 {
            Mood::TakenBack
        } else {
            Mood::Good
        }
    }

    /// From the first beginning to the last end by AWS's clock; until now, while something goes on.
    pub(super) fn took(self) -> Duration {
        match (self.busy, self.began, self.ended) {
            (0, Some(began), Some(ended)) => between(began, ended),
            _ => self.longest,
        }
    }

    /// Both together.
    pub(super) fn join(&mut self, other: Sum) {
        self.total += other.total;
        self.over += other.over;
        self.busy += other.busy;
        self.failed += other.failed;
        self.taken_back += other.taken_back;
    }

    fn add(&mut self, row: &Row, now: Duration) {
        self.total += 1;
        match row.mood() {
            Mood::Waiting => return,
            Mood::Busy => self.busy += 1,
            Mood::Bad => self.failed += 1,
            Mood::TakenBack => self.taken_back += 1,
            Mood::Good => {}
        }
        self.over += usize::from(row.mood() != Mood::Busy);
        let (began, ended) = row.span();
        self.began = [self.began, began].into_iter().flatten().min();
        self.ended = self.ended.max(ended);
        self.longest = self.longest.max(row.took(now).unwrap_or_default());
    }
}

impl<'a> Node<'a> {
    /// The tree of a stack.
    pub(super) fn of(picture: &'a Picture) -> Node<'a> {
        let mut root = Node { name: String::new(), children: vec![], row: None };
        for ((_, logical_id), row) in &picture.rows {
            root.place(&row.path, logical_id, row);
        }
        for child in &mut root.children {
            child.join();
        }
        root
    }

    /// What it and all below it come to.
    pub(super) fn sum(&self, now: Duration) -> Sum {
        let mut sum = Sum::default();
        self.add_to(&mut sum, now);
        sum
    }

    fn add_to(&self, sum: &mut Sum, now: Duration) {
        if let Some((_, row)) = self.row {
            sum.add(row, now);
        }
        for child in &self.children {
            child.add_to(sum, now);
        }
    }

    fn place(&mut self, path: &[String], logical_id: &'a str, row: &'a Row) {
        match path {
            [] if self.row.is_none() => self.row = Some((logical_id, row)),
            // Two resources at one place: the second gets a place of its own.
            [] => self.children.push(Node {
                name: logical_id.to_owned(),
                children: vec![],
                row: Some((logical_id, row)),
            }),
            [step, rest @ ..] => {
                let at = self.children.iter().position(|child| child.name == *step).unwrap_or_else(|| {
                    self.children.push(Node { name: step.clone(), children: vec![], row: None });
                    self.children.len() - 1
                });
                self.children[at].place(rest, logical_id, row);
            }
        }
    }

    /// A branch with one thing in it is one line with both names.
    fn join(&mut self) {
        while self.row.is_none() && self.children.len() == 1 {
            let Some(only) = self.children.pop() else { return };
            self.name = format!("{}/{}", self.name, only.name);
            self.children = only.children;
            self.row = only.row;
        }
        self.children.iter_mut().for_each(Node::join);
    }
}
