//! What the commands of daily work show on terminals of 80 and of 120 columns, without colours, and to who hears it
//! (`ACCESSIBLE=1`): lines that stay, none of them wider than the terminal but where a single word is.

mod care;
mod stacks;

use std::os::unix::fs::symlink;

use endpoint::{Endpoint, Scenario};

use super::commands::{masked, without_ids_and_times};
use super::import::shop;
use super::logs::{LOGS, backend, worker};
use super::rollback::three_versions;
use super::rollout::runs;
use super::screen::{can_make_terminals, on_a_terminal_of};
use super::secrets::{account, with_old_tasks};
use super::services::running;
use crate::images::fake::Fake;
use crate::images::moved::seeing;
use crate::images::{NEW, OLD, founded, services};
use crate::project::Project;

/// A screen of a command.
struct Screen {
    name: &'static str,
    arguments: &'static str,
    world: fn() -> World,
    /// A part of a question that the command asks; the answer is no.
    question: Option<&'static str>,
    /// Whether it is drawn again and again, unless lines that stay are wanted.
    live: bool,
    /// Whether words take the place of its signs for who hears it.
    signs: bool,
}

/// An AWS, and the folder from which the command talks to it.
struct World {
    endpoint: Endpoint,
    project: Project,
    /// More arguments.
    more: String,
}

const fn still(name: &'static str, arguments: &'static str, world: fn() -> World) -> Screen {
    Screen { name, arguments, world, question: None, live: false, signs: false }
}

const fn live(name: &'static str, arguments: &'static str, world: fn() -> World) -> Screen {
    Screen { name, arguments, world, question: None, live: true, signs: false }
}

fn world(scenario: Scenario) -> World {
    let (endpoint, project) = crate::images::project(scenario);
    World { endpoint, project, more: String::new() }
}

/// Repositories with two images, of which one runs.
fn images() -> Scenario {
    let running = format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/docuthinker-backend@{OLD}");
    founded()
        .stack("DocuThinkerStack", &services(&running), "CREATE_COMPLETE")
        .image("docuthinker-backend", "v0.9", OLD)
        .image("docuthinker-backend", "v2.0", NEW)
        .image("docuthinker-backend", "a-release-with-a-long-name-of-its-own-that-somebody-chose", NEW)
        .scanned(NEW, "HIGH", 2)
}

/// An image on this machine, and a tool that pushes it.
fn pushing() -> World {
    let project = Project::new();
    let fake = Fake::of(&project);
    fake.image("docuthinker-backend:v1.0", "sha256:1");
    let endpoint = Endpoint::start_blocking(seeing(&fake, &["docuthinker-backend:v1.0"]));
    let project = project.variable("AWS_ENDPOINT_URL", &endpoint.url()).variable("AWS_REGION", "us-east-1");
    World { endpoint, project, more: fake.option() }
}

/// With no program on the path but what makes a terminal: no Session Manager plugin, no Docker.
fn only_the_terminal(world: World) -> World {
    let folder = world.project.path().join("programs");
    std::fs::create_dir(&folder).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for program in ["script", "sh", "stty"] {
        let there = std::env::split_paths(&path).map(|one| one.join(program)).find(|file| file.is_file());
        symlink(there.unwrap(), folder.join(program)).unwrap();
    }
    let project = world.project.variable("PATH", &folder.to_string_lossy()).variable("SHELL", "/bin/sh");
    World { project, ..world }
}

const SCREENS: [Screen; 15] = [
    still("images-list", "images list", || world(images())),
    still("images-ensure", "images ensure", || world(founded())),
    still("images-push", "images push backend --tag v1.0", pushing),
    still("images-pin", "images pin backend=v2.0", || world(images())),
    still("import-list", "import vpc", || world(shop().scenario())),
    still("import-vpc", "import vpc vpc-0shop --write", || world(shop().scenario())),
    still("import-refused", "import vpc vpc-0default", || world(shop().scenario())),
    still("secrets-list", "secrets list --stack S", || {
        world(account().secret("docuthinker/openai", "sk-1").secret("docuthinker/database", "{}"))
    }),
    Screen {
        question: Some("[y/N]"),
        ..still("secrets-check", "secrets check --stack S", || {
            world(with_old_tasks(account().secret("docuthinker/openai", "sk-1")))
        })
    },
    still("logs", LOGS, || {
        let scenario = backend(running(false), 60, "GET /health 200");
        world(worker(scenario, 30, "a job is done"))
    }),
    still("outputs", "outputs --stack-name S", || world(running(false))),
    still("exec", "exec backend --stack S", || only_the_terminal(world(running(false)))),
    live("redeploy", "redeploy api --stack S", || world(runs())),
    live("scale", "scale api 4 --stack S", || world(runs())),
    live("rollback", "rollback S --service api --yes", || {
        let (aws, _) = three_versions(runs());
        World { endpoint: aws.endpoint, project: aws.project, more: String::new() }
    }),
];

/// What the command shows, and nothing of what it warns of since this is not AWS.
fn shown(screen: &Screen, columns: u16, variables: &[(&str, &str)]) -> String {
    let World { endpoint, project, more } = (screen.world)();
    let arguments = format!("{} {more}", screen.arguments);
    let mut running = on_a_terminal_of(&project, columns, variables, arguments.trim_end());
    if let Some(question) = screen.question {
        running.wait_for(question);
        running.type_in("n\n");
    }
    let text = running.end().stdout.replace("\r\n", "\n");
    let text = match text.split_once("profile\n") {
        Some((_, text)) => text,
        // Nobody talks to AWS there.
        None => &text,
    };
    assert!(!text.contains('\u{1b}') || screen.live, "{}: {text}", screen.name);
    if !text.contains('\u{1b}') {
        assert_fits(text, usize::from(columns));
    }
    let text = masked(text.trim_start(), "example.com:00000", "example.com:[PORT]");
    // How long the stacks took to make, which this AWS measures.
    let text = masked(&text, "0h00m: making", "[TIME]: making");
    without_uuids(&without_ids_and_times(&endpoint, text))
}

/// The text with `[ID]` for whatever has the form of a UUID, with or without its hyphens.
fn without_uuids(text: &str) -> String {
    let is_one = |part: &str| {
        let lengths: Vec<usize> = part.split('-').map(str::len).collect();
        (lengths == [32] || lengths == [8, 4, 4, 4, 12])
            && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    let parts = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    parts
        .map(|part| {
            let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            if is_one(word) { part.replace(word, "[ID]") } else { part.to_owned() }
        })
        .collect()
}

#[track_caller]
fn assert_fits(text: &str, columns: usize) {
    // `doctor` leaves commands whole, so that they can be copied.
    let is_broken = |line: &&str| !line.starts_with("      fix: ");
    for line in text.lines().filter(is_broken).filter(|line| line.chars().count() > columns) {
        assert!(!line.trim().contains(' '), "wider than {columns}: {line}\n{text}");
    }
}

/// Without what depends on when it looked: how many tasks run, how long it may still take, and after what time addresses
/// answered, which is told once if it is the same of both.
fn lasting(text: &str) -> String {
    let mut lasting = String::new();
    // What was broken off such a line goes with it.
    let mut indent: Option<&str> = None;
    for line in text.lines() {
        indent = if line.contains("tasks running") || line.contains(" left, going by") {
            Some("  ")
        } else if line.contains(" answers 200 after ") {
            Some("           ")
        } else {
            indent.filter(|indent| line.starts_with(indent))
        };
        if indent.is_none() {
            lasting.extend([line, "\n"]);
        }
    }
    lasting
}

#[test]
fn every_screen_fits_its_terminal_and_stays_for_who_hears_it() {
    assert_all(&SCREENS);
}

#[test]
fn the_screens_of_care_fit_their_terminal_and_stay_for_who_hears_them() {
    assert_all(&care::SCREENS);
}

#[test]
fn the_screens_of_stacks_fit_their_terminal_and_stay_for_who_hears_them() {
    assert_all(&stacks::SCREENS);
}

#[track_caller]
fn assert_all(screens: &[Screen]) {
    if !can_make_terminals() {
        return;
    }
    for screen in screens {
        for columns in [80, 120] {
            let heard = shown(screen, columns, &[("NO_COLOR", "1"), ("ACCESSIBLE", "1")]);
            assert!(!heard.contains('\u{1b}'), "{}: {heard}", screen.name);
            let heard = lasting(&heard);
            insta::assert_snapshot!(format!("{}-{columns}", screen.name), heard);
            if screen.live {
                continue;
            }
            let seen = lasting(&shown(screen, columns, &[("NO_COLOR", "1")]));
            if screen.signs {
                insta::assert_snapshot!(format!("{}-signs-{columns}", screen.name), seen);
            } else {
                assert_eq!(seen, heard, "{}", screen.name);
            }
        }
    }
}
