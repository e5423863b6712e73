//! The page as a comment on a pull request.

use std::fmt::Write;

use super::page::{Item, Mark, Page, Piece, Section, Sheet, Text};
use crate::problem::Printable;

/// By this line a program knows the comment that it wrote before, and replaces it instead of adding another: one for
/// each environment.
fn marker(page: &Page) -> String {
    // A comment of HTML ends with the first `-->`.
    let key: String = page.key.chars().filter(|c| c.is_alphanumeric() || "-_. /".contains(*c)).collect();
    format!("<!-- docuthinker diff {} -->", key.replace("--", "-"))
}

/// The most bytes. GitHub takes comments of 65,536 characters; what a program adds has room.
///
/// Source: the error that GitHub answers with, "body is too long (maximum is 65536 characters)".
const MOST: usize = 65_000;

/// How much is told. What does not fit is told with less, and says so.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// Whether what is folded is there to be opened.
    folds: bool,
    /// How deep items are told.
    depth: usize,
    /// The most items of a section.
    items: usize,
    /// The longest value, in characters.
    value: usize,
}

const DETAILS: [Detail; 5] = [
    Detail { folds: true, depth: 9, items: usize::MAX, value: 400 },
    Detail { folds: true, depth: 9, items: usize::MAX, value: 80 },
    Detail { folds: false, depth: 9, items: usize::MAX, value: 80 },
    Detail { folds: false, depth: 1, items: 100, value: 80 },
    Detail { folds: false, depth: 0, items: 10, value: 60 },
];

/// The comment, with as much in it as there is room for.
pub(super) fn write(page: &Page) -> String {
    let mut text = String::new();
    for (number, detail) in DETAILS.iter().enumerate() {
        text = comment(page, *detail, number > 1);
        if text.len() < MOST {
            return text;
        }
    }
    cut(&text)
}

fn comment(page: &Page, detail: Detail, shortened: bool) -> String {
    let mut text = format!("{}\n", marker(page));
    for sheet in &page.sheets {
        detail.sheet(sheet, &mut text);
    }
    if shortened {
        text += SHORTENED;
    }
    text
}

const SHORTENED: &str =
    "\n> Details are left out, since a comment has no room for them. `docuthinker diff` shows all.\n";

/// Whole lines as far as there is room: for more stacks than a comment can name.
fn cut(text: &str) -> String {
    let mut short = String::new();
    for line in text.lines() {
        if short.len() + line.len() + SHORTENED.len() + 1 >= MOST {
            break;
        }
        short += line;
        short.push('\n');
    }
    short + SHORTENED
}

impl Detail {
    fn sheet(self, sheet: &Sheet, text: &mut String) {
        let against =
            sheet.against.as_ref().map(|name| format!(" against {}", code(name))).unwrap_or_default();
        let counts: Vec<&str> = sheet.counts.iter().map(|(_, words)| words.as_str()).collect();
        let counts = if sheet.is_empty() { "no differences".to_owned() } else { counts.join(", ") };
        let _ = writeln!(text, "\n### {}{against}: {counts}", code(&sheet.stack));
        for note in &sheet.notes {
            let _ = writeln!(text, "\n{}", self.sentence(note));
        }
        for section in &sheet.sections {
            self.section(section, text);
        }
    }

    fn section(self, section: &Section, text: &mut String) {
        let _ = writeln!(text, "\n**{}**\n", section.title);
        for item in section.items.iter().take(self.items) {
            self.item(0, item, text);
        }
        let more = section.items.len().saturating_sub(self.items);
        if more > 0 {
            let _ = writeln!(text, "- and {more} more");
        }
    }

    fn item(self, depth: usize, item: &Item, text: &mut String) {
        let indent = "  ".repeat(depth);
        let sign = sign(item.mark);
        let _ = writeln!(text, "{indent}- {sign}{}", self.sentence(&item.text));
        if depth >= self.depth {
            return;
        }
        for below in &item.below {
            self.item(depth + 1, below, text);
        }
        let Some(fold) = &item.folded else { return };
        if !self.folds {
            let _ = writeln!(text, "{indent}  - … {}", words(&fold.title));
            return;
        }
        let _ = writeln!(text, "{indent}  - <details><summary>{}</summary>\n", words(&fold.title));
        for folded in &fold.items {
            self.item(depth + 2, folded, text);
        }
        let _ = writeln!(text, "\n{indent}    </details>");
    }

    fn sentence(self, sentence: &Text) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(text) => words(text),
            Piece::Name(text) => code(text),
            Piece::Old(text) | Piece::New(text) => code(&self.short(text)),
        };
        sentence.0.iter().map(piece).collect()
    }

    fn short(self, text: &str) -> String {
        if text.chars().count() <= self.value {
            return text.to_owned();
        }
        text.chars().take(self.value).chain(['…']).collect()
    }
}

const fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Refused => "⛔ ",
        Mark::Danger => "🛑 ",
        Mark::Removed => "➖ ",
        Mark::Replaced => "♻️ ",
        Mark::MayReplace => "❓ ",
        Mark::Caution => "⚠️ ",
        Mark::Changed => "✏️ ",
        Mark::Added => "➕ ",
        Mark::Narrower => "✅ ",
        Mark::Note => "",
    }
}

/// Words in which nothing is taken for Markdown, HTML, or the name of somebody.
fn words(text: &str) -> String {
    let mut escaped = String::new();
    for c in Printable(&text.replace('\n', " ")).to_string().chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '@' => escaped += "&#64;",
            '#' => escaped += "&#35;",
            '\\' | '*' | '_' | '[' | ']' | '`' | '|' | '~' | '$' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A name or value as code, whatever backticks are in it.
fn code(text: &str) -> String {
    let text = Printable(&text.replace('\n', "⏎")).to_string();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let touches = text.starts_with('`') || text.ends_with('`');
    let space = if touches || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_is_taken_for_markdown() {
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(words("<b>*@team #1_"), "&lt;b&gt;\\*&#64;team &#35;1\\_");
    }

    fn many(items: usize, length: usize) -> Page {
        let item = |number: usize| {
            let value = "x".repeat(length);
            let text = Text::new().name(format!("Resource{number}")).words(": ").new_value(value.clone());
            let folded = Item::new(Mark::Added, Text::new().new_value(value));
            Item::new(Mark::Changed, text.clone())
                .with([Item::new(Mark::Note, text)])
                .fold("more", vec![folded])
        };
        let mut sheet = Sheet { stack: "S".to_owned(), ..Sheet::default() };
        sheet.add("Resources", (0..items).map(item).collect());
        Page { key: "prod".to_owned(), sheets: vec![sheet] }
    }

    #[test]
    fn a_comment_has_room_for_any_page() {
        for (items, length) in [(1, 10), (100, 1000), (500, 1000), (5_000, 10_000)] {
            let text = write(&many(items, length));
            assert!(text.len() < MOST, "{items}: {}", text.len());
            assert!(text.starts_with("<!-- docuthinker diff prod -->\n"));
            assert_eq!(text.contains(SHORTENED), items >= 500, "{items}");
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        }
        let page = Page { sheets: vec![many(10, 10).sheets.remove(0); 2_000], ..Page::default() };
        let text = write(&page);
        assert!(text.len() < MOST && text.ends_with(SHORTENED));
    }
}
