//! The screen: lines that are read without colours, for any number of columns.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::dns::LeadsTo;
use super::objectives::{Measure, Objective, Verdict};
use super::report::{Report, Row, State};
use crate::aws::time_text;
use crate::printer::wrapped;
use crate::problem::Printable;

/// The screen, with lines of at most so many columns if the number is given.
pub(super) fn screen(report: &Report, columns: Option<usize>) -> String {
    let (primary, standby) = (&report.primary, &report.standby);
    let mut text = String::new();
    let title = format!(
        "Failover drill, dry run: {} in {} fails, {} in {} takes over. Nothing was changed.",
        primary.environment, primary.region, standby.environment, standby.region
    );
    line(&mut text, "", &title, columns);
    let mut group = "";
    for row in &report.rows {
        if row.group != group {
            let _ = writeln!(text, "\n{}", row.group);
            group = row.group;
        }
        let words = row_words(row, report);
        line(&mut text, &before(state_words(row.state)), &words, columns);
        if let Some(next) = &row.next {
            // In one piece, so that it can be copied.
            let _ = writeln!(text, "{:11}{}", "", Printable(next));
        }
    }
    let _ = writeln!(text, "\nwhen {} fails", primary.environment);
    line(&mut text, &" ".repeat(11), &takeover_words(report), columns);
    let _ = writeln!(text, "\ntargets");
    for objective in &report.objectives {
        line(&mut text, &before(verdict_words(objective.verdict)), &objective_words(objective), columns);
    }
    if !report.unknowns.is_empty() {
        let _ = writeln!(text, "\nnot known");
        for unknown in &report.unknowns {
            line(&mut text, "  - ", unknown, columns);
        }
    }
    text.push('\n');
    line(&mut text, "", &summary(report), columns);
    text
}

fn line(text: &mut String, before: &str, words: &str, columns: Option<usize>) {
    let at = before.width();
    let _ = writeln!(text, "{before}{}", wrapped(at, at, &Printable(words).to_string(), columns));
}

/// The mark and the word of a state.
type Words = (&'static str, &'static str);

fn before((mark, word): Words) -> String {
    format!("{mark} {word:8} ")
}

const fn state_words(state: State) -> Words {
    match state {
        State::Ok => (" ", "ok"),
        State::Unknown => ("?", "unknown"),
        State::Differs => ("!", "differs"),
        State::Missing => ("!", "missing"),
    }
}

const fn verdict_words(verdict: Verdict) -> Words {
    match verdict {
        Verdict::Met => (" ", "met"),
        Verdict::Missed => ("!", "missed"),
        Verdict::Unknown => ("?", "unknown"),
    }
}

fn row_words(row: &Row, report: &Report) -> String {
    let facts = match (&row.primary, &row.standby) {
        (Some(primary), Some(standby)) if primary == standby => Some(format!("{primary} in both")),
        (Some(primary), Some(standby)) => {
            let (own, other) = (&report.primary.environment, &report.standby.environment);
            Some(format!("{own} {primary}, {other} {standby}"))
        }
        _ => None,
    };
    let words: Vec<String> = [facts, row.why.clone()].into_iter().flatten().collect();
    if words.is_empty() { row.name.clone() } else { format!("{}: {}", row.name, words.join("; ")) }
}

fn takeover_words(report: &Report) -> String {
    let takeover = &report.takeover;
    let name = takeover.name.as_deref().unwrap_or("callers");
    let now = match takeover.leads_to {
        LeadsTo::Primary => format!(" It leads to {} now.", report.primary.environment),
        LeadsTo::Standby => format!(" It leads to {} already.", report.standby.environment),
        LeadsTo::Elsewhere => " It leads to neither now.".to_owned(),
        LeadsTo::Unknown => String::new(),
    };
    let now = if takeover.name.is_some() { now } else { String::new() };
    match takeover.total_seconds {
        Some(total) => {
            let total = time_text(Duration::from_secs(total));
            let standby = &report.standby.environment;
            format!("{name}: {standby} serves after about {total}: {}.{now}", takeover.basis)
        }
        None => format!("{name}: it cannot be said when somebody is served again: {}.{now}", takeover.basis),
    }
}

fn objective_words(objective: &Objective) -> String {
    let target = match objective.target_seconds {
        0 => "0".to_owned(),
        seconds => format!("below {}", time_text(Duration::from_secs(seconds))),
    };
    let found = match objective.seconds {
        Some(0) if objective.measure == Measure::Rpo => "nothing is lost: ".to_owned(),
        Some(0) => "less than 1s: ".to_owned(),
        Some(seconds) => format!("{}: ", time_text(Duration::from_secs(seconds))),
        None => String::new(),
    };
    let Objective { scenario, measure, basis, .. } = objective;
    format!("{scenario}, {} {target}: {found}{basis}", measure.text())
}

fn summary(report: &Report) -> String {
    let count = |state| report.rows.iter().filter(|row| row.state == state).count();
    let (differs, missing, unknown) = (count(State::Differs), count(State::Missing), count(State::Unknown));
    let missed = report.objectives.iter().filter(|one| one.verdict == Verdict::Missed).count();
    let standby = &report.standby.environment;
    let ready = if report.ready {
        format!("nothing is missing in {standby}, and nothing differs")
    } else {
        format!("not ready: {missing} missing, {differs} different")
    };
    format!("{ready}; {unknown} not known; {missed} of {} targets missed", report.objectives.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_told_by_what_is_measured() {
        let words = |measure| {
            let basis = "why".to_owned();
            let (scenario, target_seconds, seconds) = ("task failure", 60, Some(0));
            objective_words(&Objective {
                scenario,
                measure,
                target_seconds,
                seconds,
                verdict: Verdict::Met,
                basis,
            })
        };
        assert_eq!(words(Measure::Rto), "task failure, RTO below 1m00s: less than 1s: why");
        assert_eq!(words(Measure::Rpo), "task failure, RPO below 1m00s: nothing is lost: why");
    }
}
