//! The check-list on the screen.

use std::fmt::Write;

use anstream::adapter::strip_str;
use cloud::preflight::State;
use owo_colors::OwoColorize;
use unicode_width::UnicodeWidthStr as _;

use super::Group;
use crate::aws::Row;
use crate::printer::wrapped;
use crate::problem::Printable;

/// How far the further lines of a row stand in.
const INDENT: usize = 4;

/// How the list is shown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Form {
    /// How many columns there are, if it is a terminal: sentences are broken into lines, commands are not.
    pub(super) columns: Option<usize>,
    /// Words instead of signs.
    pub(super) words: bool,
}

impl Form {
    fn sign(self, state: State) -> String {
        match (state, self.words) {
            (State::Ok, false) => "✓".green().to_string(),
            (State::Missing, false) => "✗".red().to_string(),
            (State::Warning, false) => "!".yellow().to_string(),
            (State::Unknown, false) => "?".yellow().to_string(),
            (State::Ok, true) => "ok:".to_owned(),
            (State::Missing, true) => "missing:".to_owned(),
            (State::Warning, true) => "warning:".to_owned(),
            (State::Unknown, true) => "unknown:".to_owned(),
        }
    }
}

impl Group {
    pub(super) fn text(&self, form: Form) -> String {
        let mut text = format!("{}\n", Printable(&self.about));
        for (at, row) in self.checks.iter().enumerate() {
            let said = match row.check.state {
                State::Unknown => {
                    let reason = row.check.reason.as_deref().unwrap_or_default();
                    format!("could not look at {}: {reason}", row.check.what)
                }
                _ => row.check.what.clone(),
            };
            let sign = form.sign(row.check.state);
            let before = "  ".len() + strip_str(&sign).to_string().width() + " ".len();
            let said = wrapped(before, INDENT, &Printable(&said).to_string(), form.columns);
            let _ = writeln!(text, "  {sign} {said}");
            if row.check.state != State::Ok {
                text += &below(row, self.checks.get(at + 1));
            }
        }
        text
    }
}

/// Where something is needed, and what helps; that is told once for rows which follow each other.
fn below(row: &Row, next: Option<&Row>) -> String {
    let mut text = String::new();
    for place in &row.places {
        let _ = writeln!(text, "      at {}", Printable(place));
    }
    let told_by_next =
        next.is_some_and(|next| next.check.state != State::Ok && next.check.fix == row.check.fix);
    if let Some(fix) = row.check.fix.as_ref().filter(|_| !told_by_next) {
        let _ = writeln!(text, "      fix: {}", Printable(fix));
    }
    text
}

#[cfg(test)]
mod tests {
    use cloud::preflight::Check;

    use super::*;

    fn group() -> Group {
        let fix = "docuthinker iam-policy > policy.json, and have what is missing attached to arn:aws:iam::123456789012:role/deployer";
        let image = Check::missing(
            "the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/backend:v1 is for arm64, and its tasks run on amd64",
            "docuthinker images push backend --build --tag v1",
        );
        let checks = vec![
            Row::of(Check::ok(
                "account 123456789012 in eu-west-1, as arn:aws:iam::123456789012:role/deployer",
            )),
            Row::of(Check::missing("not allowed to do ec2: CreateVpc, DeleteVpc, ModifyVpcAttribute", fix)),
            Row::of(Check::missing("not allowed to do ecs: CreateService", fix)),
            Row { check: image, places: vec!["Shop/BackendTask (src/shop.rs:12)".to_owned()] },
            Row::of(Check::warning(
                "session-manager-plugin is not on the PATH: `exec` needs it",
                "brew install --cask session-manager-plugin",
            )),
            Row::of(Check::unknown("the quota of VPCs", "not allowed to do servicequotas:GetServiceQuota")),
        ];
        Group { about: "AWS".to_owned(), checks }
    }

    fn shown(columns: Option<usize>, words: bool) -> String {
        strip_str(&group().text(Form { columns, words })).to_string()
    }

    #[test]
    fn the_list_keeps_to_80_columns_but_for_commands_and_places() {
        insta::assert_snapshot!(shown(Some(80), false));
    }

    #[test]
    fn the_list_keeps_to_120_columns() {
        insta::assert_snapshot!(shown(Some(120), false));
    }

    #[test]
    fn words_instead_of_signs_keep_to_80_columns_too() {
        for said in ["x ".repeat(100), "warning words ".repeat(20)] {
            let group = Group { about: "AWS".to_owned(), checks: vec![Row::of(Check::missing(said, "fix"))] };
            let text = group.text(Form { columns: Some(80), words: true });
            assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        }
        let text = shown(Some(80), true);
        let mut sentences = text.lines().filter(|line| !line.starts_with("      "));
        assert!(sentences.all(|line| line.width() <= 80), "{text}");
    }

    #[test]
    fn who_listens_is_told_the_state_in_words() {
        insta::assert_snapshot!(shown(None, true));
    }
}
