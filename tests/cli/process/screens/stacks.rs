//! The screens of what is done to stacks and images as a whole.

use endpoint::Scenario;

use super::care::of;
use super::{Screen, World, live, still, world};
use crate::images::fake::Fake;
use crate::images::founded;
use crate::process::rollback::three_versions;
use crate::process::rollout::runs;
use crate::process::services::running;
use crate::process::{Aws, DEPLOY, deployed, template};

pub(super) const SCREENS: [Screen; 14] = [
    still("list", "list", || world(Scenario::new())),
    still("validate", "validate --template t.json", || {
        let aws = Aws::new(Scenario::new());
        aws.project.write("t.json", WRONG);
        of(aws)
    }),
    still("diff", "diff --template t.json --stack-name S", || of(Aws::new(deployed()))),
    still("cost", "cost --what-if spot", || world(Scenario::new())),
    live("bootstrap", "bootstrap --yes", || world(Scenario::new())),
    live("deploy", DEPLOY, || of(Aws::new(Scenario::new()))),
    live("deploy-failed", DEPLOY, || of(Aws::new(deployed().fail("Queue", "the name is taken")))),
    live("destroy", "destroy --stack-name S --yes", || of(Aws::new(deployed()))),
    live("rollback-stack", "rollback S", || {
        of(Aws::new(Scenario::new().stack("S", &template("old"), "UPDATE_FAILED")))
    }),
    live("rollback-fast", "rollback S --service api --fast --to v1 --yes", || of(three_versions(runs()).0)),
    still("events-service", "events S --service api", || of(three_versions(runs()).0)),
    still("status-tasks", "status --stack S --tasks", || world(running(true))),
    still("images-login", "images login", || with_tool(world(founded()))),
    still("images-build", "images build --tag v1", || {
        let world = world(founded());
        for folder in ["backend", "ai_ml"] {
            std::fs::create_dir(world.project.path().join(folder)).unwrap();
            world.project.write(&format!("{folder}/Dockerfile"), "FROM scratch\n");
        }
        with_tool(world)
    }),
];

/// A type that does not exist, and a port that does not.
const WRONG: &str = r#"{"Resources": {
    "Queue": {"Type": "AWS::SQS::Queu"},
    "Rule": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": "sg-0a1b2c3d",
            "IpProtocol": "tcp",
            "FromPort": 70000,
            "ToPort": 70000,
            "CidrIp": "10.0.0.0/33"
        }
    }
}}"#;

/// With a container tool that does nothing.
fn with_tool(world: World) -> World {
    let more = Fake::of(&world.project).option();
    World { more, ..world }
}
