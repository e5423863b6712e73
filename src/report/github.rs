//! A report as annotations of GitHub Actions.
//!
//! Source: [Workflow commands][github] in GitHub's documentation, "Setting an error message"; the escapes are those of
//! its own toolkit.
//!
//! [github]: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

use std::fmt::Write;

use crate::problem::{Printable, Severity};
use crate::report::{Item, Report};

/// A command for each thing that is wrong, and the counts at the end, for the log.
pub(super) fn write(report: &Report) -> String {
    let mut text: String = report.found.iter().map(annotation).collect();
    let _ = writeln!(text, "{}", report.summary());
    text
}

fn annotation(item: &Item) -> String {
    let problem = &item.problem;
    let mut properties = Vec::new();
    if let Some(place) = &item.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={}", place.line));
        properties.extend(place.column.map(|column| format!("col={column}")));
        // GitHub counts the last character in; at the end of a line there is none.
        let last = |end: usize| end.saturating_sub(1).max(place.column.unwrap_or(1));
        properties.extend(place.end_column.map(|end| format!("endColumn={}", last(end))));
    }
    properties.push(format!("title={}", property(problem.code)));
    let mut message = problem.message.clone();
    for at in item.construct.iter().chain(Some(&item.path).filter(|path| !path.is_empty())) {
        let _ = write!(message, "\nat {at}");
    }
    if let Some(hint) = &problem.hint {
        let _ = write!(message, "\nhint: {hint}");
    }
    let command = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("::{command} {}::{}\n", properties.join(","), data(&message))
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    Printable(&text).to_string()
}

/// The value of a property, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;
    use crate::report::Place;

    #[test]
    fn nothing_in_a_message_or_a_name_ends_the_annotation() {
        let problem = Problem::error("DT001", "100% of\r\n::error::`a,b`").hint("do: this");
        let place = Place { file: "a,b:c%.yaml".to_owned(), line: 3, column: Some(2), end_column: Some(5) };
        let item = Item {
            problem,
            template: None,
            path: String::new(),
            construct: None,
            place: Some(place),
            rule: None,
        };
        assert_eq!(
            annotation(&item),
            "::error file=a%2Cb%3Ac%25.yaml,line=3,col=2,endColumn=4,title=DT001::100%25 of%0D%0A::error::`a,b`%0Ahint: do: this\n"
        );
    }
}
