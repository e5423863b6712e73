use proptest::prelude::*;
use serde_json::{Map, Value, json};
use template::Template;

use super::super::comparison::Comparison;
use super::super::outline;
use super::super::report::{Compared, Report};
use super::super::subject::Subject;
use super::*;

#[test]
fn nothing_in_a_value_is_taken_for_markdown() {
    assert_eq!(code("a``b"), "```a``b```");
    assert_eq!(code("`"), "`` ` ``");
    assert_eq!(words("<b>*@team #1_"), "&lt;b&gt;\\*&#64;team &#35;1\\_");
}

const COMMAND: &str = "docuthinker diff -e prod";

fn page(sheets: Vec<Sheet>) -> Page {
    Page { key: "prod".to_owned(), command: COMMAND.to_owned(), sheets }
}

fn sheet(stack: &str) -> Sheet {
    Sheet {
        stack: stack.to_owned(),
        counts: vec![(Mark::Changed, "3 changed".to_owned())],
        ..Sheet::default()
    }
}

fn line(mark: Mark, text: impl Into<String>) -> Item {
    Item::new(mark, Text::new().name(text))
}

fn lines(mark: Mark, name: &str, count: usize) -> Vec<Item> {
    (0..count).map(|at| line(mark, format!("{name}{at}-{}", "x".repeat(30)))).collect()
}

/// What stands outside of code; panics where code has no end.
fn outside_of_code(line: &str) -> String {
    let mut outside = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if c == '`' {
            let open = rest.len() - rest.trim_start_matches('`').len();
            rest = &rest[open..];
            let mut at = 0;
            loop {
                let from = at + rest[at..].find('`').unwrap_or_else(|| panic!("code has no end: {line}"));
                let close = rest[from..].len() - rest[from..].trim_start_matches('`').len();
                at = from + close;
                if close == open {
                    break;
                }
            }
            rest = &rest[at..];
            continue;
        }
        let width =
            if c == '\\' { 1 + rest[1..].chars().next().map_or(0, char::len_utf8) } else { c.len_utf8() };
        outside.extend((c != '\\').then_some(c));
        rest = &rest[width..];
    }
    outside
}

/// Holds what must be so of every comment.
#[track_caller]
fn assert_sound(page: &Page, text: &str) {
    assert!(text.len() < MOST, "{}", text.len());
    assert!(text.starts_with("<!-- docuthinker diff prod -->\n"), "{text}");
    let mut open = 0;
    for line in text.lines().skip(1) {
        let outside = outside_of_code(line);
        open += outside.matches("<details>").count();
        let closed = outside.matches("</details>").count();
        assert!(closed <= open, "{text}");
        open -= closed;
        assert!(
            !outside
                .replace("<details><summary>", "")
                .replace("</summary>", "")
                .replace("</details>", "")
                .contains('<')
        );
    }
    assert_eq!(open, 0, "{text}");
    if page.sheets.len() <= 20 {
        for sheet in &page.sheets {
            let mut heading = String::new();
            let bare = Sheet { notes: Vec::new(), sections: Vec::new(), ..sheet.clone() };
            draw_sheet(&bare, &mut heading);
            assert!(text.contains(heading.trim()), "{heading}");
        }
    }
    let mut whole = String::new();
    page.sheets.iter().for_each(|sheet| draw_sheet(sheet, &mut whole));
    let short = !text.ends_with(&whole);
    let told = text.lines().last().is_some_and(|last| {
        last.starts_with("> Left out, ") && last.contains(&format!("`{COMMAND} --expand` shows all"))
    });
    assert_eq!(short, told, "{text}");
    assert!(!short || marker("prod").len() + whole.len() + 1 >= MOST, "there was room");
}

fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[ -~]{0,12}",
        Just("<details>".to_owned()),
        Just("`".to_owned()),
        "[`\\\\]{1,4}",
        Just("-->".to_owned()),
        Just("\n".to_owned()),
        Just("é\u{202e}".to_owned())
    ];
    (proptest::collection::vec(part, 0..4), prop_oneof![9 => 1_usize..3, 1 => 20_usize..60])
        .prop_map(|(parts, times)| parts.concat().repeat(times))
}

fn any_sentence() -> impl Strategy<Value = Text> {
    let piece = (0..4, any_text()).prop_map(|(kind, text)| match kind {
        0 => Piece::Words(text),
        1 => Piece::Name(text),
        2 => Piece::Old(text),
        _ => Piece::New(text),
    });
    proptest::collection::vec(piece, 0..5).prop_map(Text)
}

fn any_mark() -> impl Strategy<Value = Mark> {
    proptest::sample::select(vec![
        Mark::Danger,
        Mark::Removed,
        Mark::Replaced,
        Mark::Caution,
        Mark::Changed,
        Mark::Added,
        Mark::Note,
    ])
}

fn any_item() -> impl Strategy<Value = Item> {
    let leaf = (any_mark(), any_sentence()).prop_map(|(mark, text)| Item::new(mark, text));
    leaf.prop_recursive(2, 12, 4, |inner| {
        let items = || proptest::collection::vec(inner.clone(), 0..4);
        (any_mark(), any_sentence(), items(), any_text(), items(), 1_usize..20).prop_map(
            |(mark, text, below, title, folded, times)| {
                let folded = folded.iter().cycle().take(folded.len() * times).cloned().collect();
                Item::new(mark, text).with(below).fold(title, folded)
            },
        )
    })
}

/// How often items and sheets are repeated: many of the one or of the other, for what has no room.
fn any_times() -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![2 => (1_usize..40, 1_usize..3), 1 => (1_usize..3, 50_usize..150)]
}

fn any_page() -> impl Strategy<Value = Page> {
    const SUBJECTS: [Subject; 4] = [Subject::Data, Subject::Access, Subject::Resources, Subject::Outputs];
    let items = proptest::collection::vec(any_item(), 0..3);
    let sections = proptest::collection::vec(items, SUBJECTS.len());
    ("[A-Za-z`]{1,9}", any_sentence(), sections, any_times()).prop_map(|(stack, note, sections, times)| {
        let mut sheet = Sheet { notes: vec![note], ..self::sheet(&stack) };
        for (subject, items) in SUBJECTS.into_iter().zip(sections) {
            sheet.add(subject, items.iter().cycle().take(items.len() * times.0).cloned().collect());
        }
        page(vec![sheet; times.1])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_comment_has_room_and_is_whole(page in any_page()) {
        assert_sound(&page, &write(&page));
    }
}

#[test]
fn two_values_side_by_side_are_two() {
    assert_eq!(
        sentence(&Text::new().old("a").new_value("``b").words("`").name("c")),
        "`a` ``` ``b ```\\` `c`"
    );
}

fn many(items: usize, length: usize) -> Page {
    let item = |number: usize| {
        let value = "x".repeat(length);
        let text = Text::new().name(format!("Resource{number}")).words(": ").new_value(value.clone());
        let folded = Item::new(Mark::Added, Text::new().new_value(value));
        Item::new(Mark::Changed, text.clone()).with([Item::new(Mark::Note, text)]).fold("more", vec![folded])
    };
    let mut sheet = sheet("S");
    sheet.add(Subject::Resources, (0..items).map(item).collect());
    page(vec![sheet])
}

#[test]
fn a_comment_has_room_for_any_page() {
    for (items, length) in [(1, 10), (100, 1_000), (500, 1_000), (600, 20_000)] {
        let page = many(items, length);
        let text = write(&page);
        assert_sound(&page, &text);
        // Nothing is left out where there is room for it.
        assert!(items < 500 || text.len() > MOST - 1_000, "{items}: {}", text.len());
    }
    let stacks = page(vec![many(10, 10).sheets.remove(0); 2_000]);
    let text = write(&stacks);
    assert_sound(&stacks, &text);
    assert!(text.matches("### `S`: 3 changed").count() > 1_000, "{text}");
}

/// A page of which only the folds are too long.
fn folded() -> Page {
    let mut sheet = sheet("S");
    let chain = |mark, name: &str, count: usize| {
        line(mark, name).fold(format!("{count} of {name}"), lines(Mark::Changed, name, count))
    };
    let items = vec![
        chain(Mark::Replaced, "Vpc", 500),
        chain(Mark::Changed, "Short", 100),
        chain(Mark::Changed, "Long", 700),
        chain(Mark::Added, "New", 20),
    ];
    sheet.add(Subject::Resources, items);
    page(vec![sheet])
}

#[test]
fn what_is_folded_is_left_out_before_all_else_and_no_more_than_must_be() {
    let page = folded();
    let text = write(&page);
    assert_sound(&page, &text);
    for (name, count, told) in [("Vpc", 500, 500), ("Short", 100, 100), ("New", 20, 0)] {
        assert_eq!(text.matches(&format!("- ✏️ `{name}")).count().min(count), told, "{name}");
    }
    let (long, left) = (text.matches("- ✏️ `Long").count() - 1, "- … 20 of New: left out\n");
    assert!((300..650).contains(&long), "{long}");
    assert!(
        text.contains(left) && text.contains(&format!("- and {} more, left out\n", 700 - long)),
        "{text}"
    );
    assert!(text.len() > MOST - 500, "{}", text.len());
    assert!(
        text.contains("Left out, since a comment has no room for it: what is folded at 2 places. "),
        "{text}"
    );
}

#[test]
fn what_a_reviewer_asks_first_stays() {
    let mut sheet = sheet("S");
    sheet.add(Subject::Data, lines(Mark::Danger, "Table", 20));
    sheet.add(Subject::Access, lines(Mark::Caution, "Role", 40));
    sheet.add(Subject::Network, lines(Mark::Caution, "Group", 40));
    sheet.add(Subject::Secrets, lines(Mark::Caution, "Secret", 40));
    let resources =
        lines(Mark::Changed, "Queue", 2_000).into_iter().chain(lines(Mark::Replaced, "Subnet", 100));
    sheet.add(Subject::Resources, resources.collect());
    sheet.add(Subject::Parameters, lines(Mark::Changed, "Parameter", 5_000));
    let page = page(vec![sheet]);
    let text = write(&page);
    assert_sound(&page, &text);
    for (name, count) in
        [("Table", 20), ("Role", 40), ("Group", 40), ("Secret", 40), ("Subnet", 100), ("Parameter", 30)]
    {
        assert_eq!(text.matches(&format!("`{name}")).count(), count, "{name}");
    }
    assert!(text.contains("- and 4970 more, left out\n"), "{text}");
    let queues = text.matches("`Queue").count();
    assert!((800..1_900).contains(&queues) && text.len() > MOST - 500, "{queues}: {}", text.len());
}

/// Templates as large as they can be, through all that is said of them.
#[test]
fn a_comparison_of_large_templates_has_room() {
    let side = |block: &str, value: usize| {
        let mut all = Map::new();
        all.insert("Vpc".into(), json!({"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": block}}));
        for at in 0..1_500 {
            let subnet = json!({"VpcId": {"Ref": "Vpc"}, "CidrBlock": format!("10.0.{}.0/24", at % 250)});
            all.insert(format!("Subnet{at}"), json!({"Type": "AWS::EC2::Subnet", "Properties": subnet}));
            let queue = json!({"DelaySeconds": at % 7 + value});
            all.insert(format!("Queue{at}"), json!({"Type": "AWS::SQS::Queue", "Properties": queue}));
        }
        if value == 0 {
            all.insert("Data".into(), json!({"Type": "AWS::EFS::FileSystem"}));
        }
        let text = json!({"Resources": Value::from(all)}).to_string();
        Template::parse(&text, "t.json").unwrap().template
    };
    let changes = template::diff(&side("10.0.0.0/16", 0), &side("10.1.0.0/16", 1));
    let report = Report::of(None, vec![Compared::new("S".to_owned(), changes)]);
    let comparison = Comparison { key: "prod".to_owned(), command: COMMAND.to_owned() };
    let page = outline::page(&report, &comparison);
    let text = write(&page);
    assert_sound(&page, &text);
    assert!(
        text.contains("`Data` (AWS::EFS::FileSystem) is removed: it is deleted with its files"),
        "{text}"
    );
    assert!(
        text.contains("♻️ `Vpc` (AWS::EC2::VPC) is replaced; with it 1500 resources are replaced"),
        "{text}"
    );
    assert!(text.len() > MOST - 1_000, "{}", text.len());
}
