//! The screens of looking after what is deployed: backups, values of secrets, check-lists and what happened.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Screen, World, only_the_terminal, still, world};
use crate::process::backup::{BACKUP, deployed as kept};
use crate::process::doctor::{DOCTOR, NET};
use crate::process::failover::{DRILL, sound};
use crate::process::scaling::{SINCE, morning};
use crate::process::secrets::account;
use crate::process::services::running;
use crate::process::{Aws, DEPLOY, deployed};

/// An age recipient; nobody has its identity.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

pub(super) const SCREENS: [Screen; 14] = [
    still("backup", BACKUP, || of(Aws::new(kept()))),
    still("backup-check", "backup --check b", || {
        let aws = Aws::new(kept());
        aws.run(BACKUP);
        of(aws)
    }),
    still("restore", "restore b", || {
        let aws = Aws::new(kept());
        aws.run(BACKUP);
        aws.run("destroy --stack-name App --yes");
        of(aws)
    }),
    still("secrets-put", "secrets put openai --file value --stack S", || {
        let world = world(account());
        file(&world, "value", "sk-new\n");
        world
    }),
    still("secrets-rotate", "secrets rotate openai --generate --yes --stack S", || {
        world(account().secret("docuthinker/openai", "sk-1"))
    }),
    still("secrets-import", "secrets import keys --yes --stack S", || {
        let world = world(account().secret("docuthinker/openai", "sk-1"));
        file(&world, "keys", "OPENAI_API_KEY=sk-2\nDB_USER=me\nDB_PASSWORD=pw\n");
        world
    }),
    still("secrets-export", "secrets export --out values.age --stack S --recipient", || World {
        more: RECIPIENT.to_owned(),
        ..world(account().secret("docuthinker/openai", "sk-1"))
    }),
    Screen {
        signs: true,
        ..still("doctor", DOCTOR, || {
            let scenario = endpoint::Scenario::new()
                .stack("Other", r#"{"Resources": {"Vpc": {"Type": "AWS::EC2::VPC"}}}"#, "CREATE_COMPLETE")
                .deny("ecs:CreateService")
                .quota("L-F678F1CE", 1.0);
            let world = only_the_terminal(world(scenario));
            world.project.write("net.json", NET);
            world
        })
    },
    still("failover-drill", DRILL, || of(sound())),
    still("init", "init --yes --ci github", || world(endpoint::Scenario::new())),
    still("status", "status --stack S", || world(running(false))),
    still("diagnose", "diagnose S", failed),
    still("events", "events S", failed),
    still("events-scaling", SINCE, || world(morning())),
];

/// Where this AWS was prepared from.
pub(super) fn of(aws: Aws) -> World {
    World { endpoint: aws.endpoint, project: aws.project, more: String::new() }
}

/// A stack whose update failed and was rolled back.
fn failed() -> World {
    let aws = Aws::new(deployed().fail("Queue", "the name is taken"));
    aws.run(DEPLOY);
    of(aws)
}

/// A file for its owner only.
fn file(world: &World, name: &str, text: &str) {
    let path = world.project.write(name, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
