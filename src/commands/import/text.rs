//! What was found, for people: settings to be pasted, with what tells each tier in comments beside it.

use std::fmt::Write as _;

use cloud::VpcNetwork;

use super::choose::{Choice, Row, Use};
use crate::printer::wrapped;

/// How wide a comment is at most, whatever terminal there is: it goes into a file.
const COLUMNS: usize = 80;

/// The settings of an environment as YAML.
pub(super) fn block(network: &VpcNetwork, choice: &Choice<'_>, environment: &str) -> String {
    let vpc = &network.vpc;
    let mut text = format!("environments:\n  {environment}:\n    network:\n      existing:\n");
    let about: Vec<&str> = [vpc.name.as_deref(), vpc.block.as_deref()].into_iter().flatten().collect();
    if !about.is_empty() {
        text += &comment(8, &about.join(", "));
    }
    let _ = writeln!(text, "        vpc_id: {}", vpc.id);
    for (key, taken) in [("public_subnets", Use::Public), ("private_subnets", Use::Private)] {
        let rows: Vec<&Row<'_>> = choice.rows.iter().filter(|row| row.taken == taken).collect();
        if !rows.is_empty() {
            let _ = writeln!(text, "        {key}:");
        }
        for row in rows {
            text += &comment(10, &format!("{}: {}", row.about(), row.evidence()));
            let _ = writeln!(text, "          - {}", row.subnet.id);
        }
    }
    for (row, why) in left_out(choice) {
        text += &comment(8, &format!("not {}, {}: {why} ({})", row.subnet.id, row.about(), row.evidence()));
    }
    text
}

/// The same as lines, for what goes into the file without comments.
pub(super) fn evidence(network: &VpcNetwork, choice: &Choice<'_>) -> String {
    let line = |tier: &str, row: &Row<'_>, why: &str| {
        format!("{tier} {}, {}: {why}{}\n", row.subnet.id, row.about(), row.evidence())
    };
    let taken = choice.rows.iter().filter_map(|row| match row.taken {
        Use::Public => Some(line("public", row, "")),
        Use::Private => Some(line("private", row, "")),
        Use::Nothing(_) => None,
    });
    let mut lines: Vec<String> = taken.collect();
    lines.sort_by_key(|line| !line.starts_with("public"));
    lines.extend(left_out(choice).map(|(row, why)| line("not taken", row, &format!("{why}; "))));
    let name = network.vpc.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    format!("{}{name}\n{}", network.vpc.id, lines.concat())
}

/// A message with what it is about in lines below it.
pub(super) fn with_lines(message: &str, lines: impl IntoIterator<Item = String>) -> String {
    let lines = lines.into_iter().map(|line| format!("\n  {line}"));
    lines.fold(message.to_owned(), |all, line| all + &line)
}

fn left_out<'c, 'a>(choice: &'c Choice<'a>) -> impl Iterator<Item = (&'c Row<'a>, &'static str)> {
    choice.rows.iter().filter_map(|row| match row.taken {
        Use::Nothing(why) => Some((row, why)),
        _ => None,
    })
}

fn comment(indent: usize, text: &str) -> String {
    let lines = wrapped(0, 0, text, Some(COLUMNS - indent - 2));
    let indent = " ".repeat(indent);
    lines.lines().flat_map(|line| [indent.as_str(), "# ", line, "\n"]).collect()
}
