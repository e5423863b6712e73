//! The page on a terminal: signs and colours before the words, which say the same.

use std::fmt::Write;

use anstream::adapter::strip_str;
use owo_colors::{OwoColorize, Style};
use unicode_width::UnicodeWidthStr;

use super::super::value;
use super::page::{Item, Mark, Page, Piece, Sheet, Text};
use crate::problem::Printable;

/// How the page is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    /// Whether what is folded away is shown.
    pub(super) expand: bool,
    /// The width in columns, if it is a terminal.
    pub(super) columns: Option<usize>,
}

impl Terminal {
    pub(super) fn draw(self, page: &Page) -> String {
        let mut folds = false;
        let sheets: Vec<String> = page.sheets.iter().map(|sheet| self.sheet(sheet, &mut folds)).collect();
        let mut text = sheets.join("\n");
        if folds && !self.expand {
            text += "\n`--expand` shows what stands behind …\n";
        }
        text
    }

    fn sheet(self, sheet: &Sheet, folds: &mut bool) -> String {
        let mut text = String::new();
        self.broken(0, "", &head(sheet), &mut text);
        for note in &sheet.notes {
            self.line(2, "", note, &mut text);
        }
        for section in &sheet.sections {
            let _ = writeln!(text, "\n  {}", section.subject.title().bold());
            for item in &section.items {
                self.item(4, item, &mut text, folds);
            }
        }
        text
    }

    fn item(self, indent: usize, item: &Item, text: &mut String, folds: &mut bool) {
        let sign = item.mark.sign().style(style(item.mark)).to_string();
        self.line(indent, &sign, &item.text, text);
        for below in &item.below {
            self.item(indent + 4, below, text, folds);
        }
        let Some(fold) = &item.folded else { return };
        *folds = true;
        if self.expand {
            for folded in &fold.items {
                self.item(indent + 4, folded, text, folds);
            }
        } else {
            self.line(indent + 4, "…", &Text::new().words(fold.title.clone()), text);
        }
    }

    /// A line, or several where the terminal is too narrow for it.
    fn line(self, indent: usize, sign: &str, sentence: &Text, text: &mut String) {
        self.broken(indent, sign, &words(sentence), text);
    }

    fn broken(self, indent: usize, sign: &str, words: &[Vec<(Style, String)>], text: &mut String) {
        let sign = if sign.is_empty() { String::new() } else { format!("{sign} ") };
        let hanging = indent + strip_str(&sign).to_string().width();
        text.extend(std::iter::repeat_n(' ', indent));
        *text += &sign;
        let mut at = hanging;
        for (number, word) in words.iter().enumerate() {
            let width: usize = word.iter().map(|(_, part)| part.width()).sum();
            let too_far = self.columns.is_some_and(|columns| at + 1 + width > columns);
            if number > 0 && too_far && at > hanging {
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', hanging));
                at = hanging;
            } else if number > 0 {
                text.push(' ');
                at += 1;
            }
            for (style, part) in word {
                *text += &part.style(*style).to_string();
            }
            at += width;
        }
        text.push('\n');
    }
}

/// The stack, what it is compared with, and how many resources are different in which way.
fn head(sheet: &Sheet) -> Vec<Vec<(Style, String)>> {
    let plain = Style::new();
    let mut pieces = vec![(plain.bold(), Printable(&sheet.stack).to_string())];
    pieces.extend(sheet.against.iter().map(|name| (plain, format!(" against {}", Printable(name)))));
    if sheet.is_empty() {
        pieces.push((plain, ": no differences".to_owned()));
    }
    for (number, (mark, words)) in sheet.counts.iter().enumerate() {
        pieces.push((plain, if number == 0 { ": " } else { ", " }.to_owned()));
        pieces.push((style(*mark), words.clone()));
    }
    split(pieces)
}

/// The words of a sentence, each of parts in their colours.
fn words(sentence: &Text) -> Vec<Vec<(Style, String)>> {
    let pieces = sentence.0.iter().map(|piece| match piece {
        Piece::Words(text) | Piece::Name(text) => (Style::new(), Printable(text).to_string()),
        Piece::Old(text) => (Style::new().red(), value::short(Printable(text).to_string())),
        Piece::New(text) => (Style::new().green(), value::short(Printable(text).to_string())),
    });
    split(pieces)
}

/// The words, between which a line may be broken.
fn split(pieces: impl IntoIterator<Item = (Style, String)>) -> Vec<Vec<(Style, String)>> {
    let mut words: Vec<Vec<(Style, String)>> = vec![Vec::new()];
    for (style, text) in pieces {
        for (number, part) in text.split(' ').enumerate() {
            if number > 0 {
                words.push(Vec::new());
            }
            if let Some(word) = words.last_mut().filter(|_| !part.is_empty()) {
                word.push((style, part.to_owned()));
            }
        }
    }
    words
}

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Refused | Mark::Danger => Style::new().red().bold(),
        Mark::Removed | Mark::Replaced => Style::new().red(),
        Mark::MayReplace | Mark::Caution | Mark::Changed => Style::new().yellow(),
        Mark::Added | Mark::Narrower => Style::new().green(),
        Mark::Note => Style::new().dimmed(),
    }
}
