//! What a reader sees of a comparison, whatever draws it: a terminal, Markdown or HTML.
//!
//! A [`Page`] has a sheet for each stack, a sheet has sections, a section has items, and an item may have items below
//! it, some of which are folded away. Who draws it decides nothing about what is said or in which order.

use super::subject::Subject;

/// What is said of all stacks of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// What tells this page from those of other comparisons, see [`Comparison`](super::comparison::Comparison).
    pub(super) key: String,
    /// The command that makes this comparison.
    pub(super) command: String,
    pub(super) sheets: Vec<Sheet>,
}

/// What is said of one stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    /// The stack's name.
    pub(super) stack: String,
    /// What it is compared with, if that is not the deployed stack.
    pub(super) against: Option<String>,
    /// How many resources are touched in which way, the gravest first; empty if there are no differences.
    pub(super) counts: Vec<(Mark, String)>,
    /// What to know before all else: that the stack does not exist yet, for example.
    pub(super) notes: Vec<Text>,
    pub(super) sections: Vec<Section>,
}

/// Items of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) subject: Subject,
    pub(super) items: Vec<Item>,
    /// How many more items there are, where a form has no room for all.
    pub(super) more: usize,
}

/// One thing that is different, or follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) mark: Mark,
    pub(super) text: Text,
    /// What belongs to it and is always shown.
    pub(super) below: Vec<Item>,
    /// How many more there are, where a form has no room for all.
    pub(super) more: usize,
    /// What may be looked at if somebody wants to know.
    pub(super) folded: Option<Fold>,
}

/// Items that are shown only where they are asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fold {
    /// What is in it, in a few words.
    pub(super) title: String,
    pub(super) items: Vec<Item>,
    /// How many more items there are, where a form has no room for all.
    pub(super) more: usize,
}

/// The kind of an item: a sign at its beginning, and a colour. The text says the same in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// CloudFormation does not do it, and nothing else of the update.
    Refused,
    /// Data is lost, or everybody gets access.
    Danger,
    /// Something is removed.
    Removed,
    /// A new one takes the place of the old one.
    Replaced,
    /// The same, perhaps.
    MayReplace,
    /// Something stops working for a while, or more is allowed than before.
    Caution,
    /// Something is changed where it is.
    Changed,
    /// Something is added.
    Added,
    /// Less is allowed than before.
    Narrower,
    /// A remark.
    Note,
}

impl Page {
    /// The same page, each of its texts changed.
    pub(super) fn map(mut self, change: &dyn Fn(&str, Whose) -> String) -> Page {
        // It has the options that matter to it.
        self.command = change(&self.command, Whose::Template);
        for sheet in &mut self.sheets {
            sheet.stack = change(&sheet.stack, Whose::Template);
            sheet.against = sheet.against.as_deref().map(|against| change(against, Whose::Template));
            sheet.notes.iter_mut().for_each(|note| note.map(change));
            let items = sheet.sections.iter_mut().flat_map(|section| &mut section.items);
            items.for_each(|item| item.map(change));
        }
        self
    }
}

impl Mark {
    /// The sign of an item.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Mark::Refused => "✗",
            Mark::Danger | Mark::Caution => "!",
            Mark::Removed => "-",
            Mark::Replaced => "±",
            Mark::MayReplace => "?",
            Mark::Changed => "~",
            Mark::Added => "+",
            Mark::Narrower => "✓",
            Mark::Note => "·",
        }
    }
}

/// A sentence with names and values in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text(pub(super) Vec<Piece>);

/// Whose a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Words of ours.
    Ours,
    /// What stands in a template.
    Template,
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    Words(String),
    /// A name: of a resource, a property, a command.
    Name(String),
    /// What was there.
    Old(String),
    /// What is there now.
    New(String),
}

impl Text {
    pub(super) fn new() -> Text {
        Text::default()
    }

    /// A sentence in which names stand in backticks.
    pub(super) fn of(sentence: &str) -> Text {
        let pieces = sentence.split('`').enumerate().filter(|(_, piece)| !piece.is_empty());
        let piece = |(number, piece): (usize, &str)| {
            let piece = piece.to_owned();
            if number % 2 == 0 { Piece::Words(piece) } else { Piece::Name(piece) }
        };
        Text(pieces.map(piece).collect())
    }

    pub(super) fn words(mut self, words: impl Into<String>) -> Text {
        self.0.push(Piece::Words(words.into()));
        self
    }

    pub(super) fn name(mut self, name: impl Into<String>) -> Text {
        self.0.push(Piece::Name(name.into()));
        self
    }

    pub(super) fn old(mut self, value: impl Into<String>) -> Text {
        self.0.push(Piece::Old(value.into()));
        self
    }

    pub(super) fn new_value(mut self, value: impl Into<String>) -> Text {
        self.0.push(Piece::New(value.into()));
        self
    }
}

impl Text {
    fn map(&mut self, change: &dyn Fn(&str, Whose) -> String) {
        for piece in &mut self.0 {
            match piece {
                Piece::Words(text) | Piece::Name(text) => *text = change(text, Whose::Ours),
                Piece::Old(text) | Piece::New(text) => *text = change(text, Whose::Template),
            }
        }
    }
}

impl Item {
    fn map(&mut self, change: &dyn Fn(&str, Whose) -> String) {
        self.text.map(change);
        if let Some(fold) = &mut self.folded {
            fold.title = change(&fold.title, Whose::Ours);
        }
        let folded = self.folded.iter_mut().flat_map(|fold| &mut fold.items);
        self.below.iter_mut().chain(folded).for_each(|item| item.map(change));
    }

    pub(super) fn new(mark: Mark, text: Text) -> Item {
        Item { mark, text, below: Vec::new(), more: 0, folded: None }
    }

    pub(super) fn with(mut self, below: impl IntoIterator<Item = Item>) -> Item {
        self.below.extend(below);
        self
    }

    /// Folds items away, if there are any.
    pub(super) fn fold(mut self, title: impl Into<String>, items: Vec<Item>) -> Item {
        if !items.is_empty() {
            self.folded = Some(Fold { title: title.into(), items, more: 0 });
        }
        self
    }
}

impl Sheet {
    /// Whether nothing is different.
    pub(super) fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.counts.is_empty()
    }

    /// Adds a section, if something is in it.
    pub(super) fn add(&mut self, subject: Subject, items: Vec<Item>) {
        if !items.is_empty() {
            self.sections.push(Section { subject, items, more: 0 });
        }
    }
}
