//! The page for a browser, whole in one file: no script, nothing that is loaded from elsewhere.

use std::fmt::Write;

use super::page::{Item, Mark, Page, Piece, Section, Sheet, Text};
use crate::problem::Printable;

/// The page's looks, for narrow and wide, light and dark.
const STYLE: &str = include_str!("page.css");

pub(super) fn write(page: &Page) -> String {
    let names: Vec<&str> = page.sheets.iter().map(|sheet| sheet.stack.as_str()).collect();
    let title = escaped(&format!("Differences: {}", names.join(", ")));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    if page.sheets.len() > 1 {
        contents(page, &mut html);
    }
    for (number, sheet) in page.sheets.iter().enumerate() {
        draw_sheet(number, sheet, &mut html);
    }
    html + "</main>\n</body>\n</html>\n"
}

/// The stacks, each with its counts.
fn contents(page: &Page, html: &mut String) {
    *html += "<nav aria-label=\"Stacks\">\n<ul>\n";
    for (number, sheet) in page.sheets.iter().enumerate() {
        let _ =
            writeln!(html, "<li><a href=\"#s{number}\">{}</a> {}</li>", escaped(&sheet.stack), counts(sheet));
    }
    *html += "</ul>\n</nav>\n";
}

fn counts(sheet: &Sheet) -> String {
    if sheet.is_empty() {
        return "<span class=\"count\">no differences</span>".to_owned();
    }
    let count = |(mark, words): &(Mark, String)| {
        format!("<span class=\"count {}\">{}</span>", class(*mark), escaped(words))
    };
    sheet.counts.iter().map(count).collect::<Vec<_>>().join(" ")
}

fn draw_sheet(number: usize, sheet: &Sheet, html: &mut String) {
    let _ = writeln!(html, "<article id=\"s{number}\">\n<h1>{}</h1>", escaped(&sheet.stack));
    if let Some(against) = &sheet.against {
        let _ = writeln!(html, "<p>against <code>{}</code></p>", escaped(against));
    }
    let _ = writeln!(html, "<p class=\"counts\">{}</p>", counts(sheet));
    for note in &sheet.notes {
        let _ = writeln!(html, "<p>{}</p>", sentence(note));
    }
    for section in &sheet.sections {
        draw_section(section, html);
    }
    *html += "</article>\n";
}

fn draw_section(section: &Section, html: &mut String) {
    let _ = writeln!(html, "<section>\n<h2>{}</h2>", escaped(section.subject.title()));
    list(&section.items, html);
    *html += "</section>\n";
}

fn list(items: &[Item], html: &mut String) {
    *html += "<ul>\n";
    for item in items {
        let (class, sign) = (class(item.mark), item.mark.sign());
        let _ = write!(
            html,
            "<li class=\"{class}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span><div>{}",
            sentence(&item.text)
        );
        if !item.below.is_empty() {
            html.push('\n');
            list(&item.below, html);
        }
        if let Some(fold) = &item.folded {
            let _ = writeln!(html, "\n<details><summary>{}</summary>", escaped(&fold.title));
            list(&fold.items, html);
            *html += "</details>\n";
        }
        *html += "</div></li>\n";
    }
    *html += "</ul>\n";
}

fn sentence(text: &Text) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Words(text) => escaped(text),
        Piece::Name(text) => format!("<code>{}</code>", escaped(text)),
        Piece::Old(text) => format!("<del>{}</del>", escaped(text)),
        Piece::New(text) => format!("<ins>{}</ins>", escaped(text)),
    };
    text.0.iter().map(piece).collect()
}

const fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Refused => "refused",
        Mark::Danger => "danger",
        Mark::Removed => "removed",
        Mark::Replaced => "replaced",
        Mark::MayReplace => "may-replace",
        Mark::Caution => "caution",
        Mark::Changed => "changed",
        Mark::Added => "added",
        Mark::Narrower => "narrower",
        Mark::Note => "note",
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::new();
    for c in Printable(text).to_string().chars() {
        match c {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_becomes_a_part_of_the_page() {
        let value = "<script>alert(\"1\")</script>&\u{1b}";
        assert_eq!(
            sentence(&Text::new().new_value(value)),
            "<ins>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;\\u{1b}</ins>"
        );
    }
}
