use std::path::PathBuf;

use super::*;
use crate::commands::restore::steps::{Gap, Step};

fn view() -> View {
    let stack = |name: &str, now| StackView { name: name.to_owned(), region: "us-east-1".to_owned(), now };
    let command = |words: &str| Command(words.split(' ').map(str::to_owned).collect());
    let deploy = "docuthinker deploy --template backups/2026-01-01T100000Z/DocuThinkerStack/template.json \
                  --stack-name DocuThinkerStack --region us-east-1 --tag team=two";
    View {
        folder: PathBuf::from("backups/2026-01-01T100000Z"),
        made: "2026-01-01T10:00:00Z".to_owned(),
        tool: "docuthinker 0.1.0".to_owned(),
        stacks: vec![
            stack("DocuThinkerFoundation", Now::Unchanged),
            stack("DocuThinkerStack", Now::Missing { status: None, resources: 41 }),
            stack(
                "DocuThinkerDns",
                Now::Changed {
                    resources: vec!["1 removed".to_owned(), "2 changed".to_owned()],
                    parameters: vec!["Zone".to_owned()],
                    tags: true,
                    unprotected: false,
                },
            ),
            stack("Other", Now::Busy { status: "UPDATE_IN_PROGRESS".to_owned() }),
        ],
        steps: vec![
            Step {
                number: 1,
                stack: Some("DocuThinkerStack".to_owned()),
                title: "make DocuThinkerStack anew".to_owned(),
                notes: vec!["before: write PRIVATE.json, for its owner only, with what the backup cannot have: {\"DbPassword\":\"…\"}".to_owned()],
                commands: vec![command(deploy)],
            },
            Step {
                number: 2,
                stack: None,
                title: "see whether all is well".to_owned(),
                notes: vec![],
                commands: vec![Command(vec!["docuthinker".to_owned(), "a b".to_owned()])],
            },
        ],
        not_in_the_backup: vec![Gap {
            stack: "DocuThinkerStack".to_owned(),
            what: "Files".to_owned(),
            says: "its files (AWS::EFS::FileSystem, fs-1): it was kept when the stack was deleted, and may still be there".to_owned(),
        }],
    }
}

#[test]
fn the_way_back_at_80_columns() {
    let text = page(&view(), Some(80));
    for line in text.lines().filter(|line| !line.contains("--template")) {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
    insta::assert_snapshot!("restore-80", text);
}

#[test]
fn nothing_is_broken_where_no_terminal_is() {
    let text = page(&view(), None);
    assert!(!text.contains('\\'), "{text}");
    let one = View { steps: vec![], ..view() };
    assert!(page(&one, None).ends_with("nothing to do: all is as in the backup, as far as AWS tells\n"));
}
