use std::collections::BTreeMap;
use std::time::Duration;

use cloud::{
    Phase, Progress, ResourceEvent, ServiceDeployment, ServiceState, StoppedContainer, StoppedTask, Timestamp,
};
use proptest::prelude::*;

use super::super::lines::{lasting_lines, lines};
use super::super::picture::{Picture, Subject};
use super::{columns, ended, render};

const ROOT: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/App/1";
const NESTED: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/App-Inner-XYZ/2";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn subject(name: &str) -> Subject {
    let paths = [
        ("NetworkVpc", "Network/Vpc"),
        ("NetworkSubnetA", "Network/SubnetA"),
        ("NetworkSubnetB", "Network/SubnetB"),
        ("BackendTaskDefinition", "Backend/TaskDefinition"),
        ("BackendService", "Backend/Service"),
        ("BackendLogs", "Backend/Logs"),
        ("TopicTopic", "Topic/Topic"),
    ];
    let paths: BTreeMap<String, String> =
        paths.iter().map(|(id, path)| ((*id).to_owned(), (*path).to_owned())).collect();
    Subject { name: name.to_owned(), region: Some("us-east-1".to_owned()), paths }
}

/// An event at `second` of AWS's clock: `status logical-id type reason…`.
fn event(second: i64, stack_id: &str, text: &str) -> Progress {
    let mut words = text.splitn(4, ' ').map(str::to_owned);
    let (status, logical_id) = (words.next().unwrap(), words.next().unwrap());
    let resource_type = words.next().unwrap();
    let is_stack = resource_type == "AWS::CloudFormation::Stack";
    let physical_id = match (is_stack, logical_id.as_str()) {
        (true, "Inner") => Some(NESTED.to_owned()),
        (true, _) => Some(stack_id.to_owned()),
        _ => Some(format!("{logical_id}-1")),
    };
    Progress::Resource(ResourceEvent {
        id: format!("{second}{text}"),
        stack_id: stack_id.to_owned(),
        time: Timestamp(second * 1000),
        logical_id,
        physical_id,
        resource_type,
        status,
        reason: words.next(),
        operation_id: None,
        token: None,
    })
}

/// A stack whose operation was told as `history`, each line at its second: the clocks go alike.
fn picture(name: &str, history: &[(i64, &str)]) -> Picture {
    let mut picture = Picture::new(subject(name));
    picture.begin(seconds(0));
    picture.see(&Progress::Phase { phase: Phase::Executing }, seconds(0));
    for (second, text) in history {
        let now = seconds(u64::try_from(*second).unwrap());
        let (stack_id, text) = text.strip_prefix("inner ").map_or((ROOT, *text), |text| (NESTED, text));
        picture.see(&event(*second, stack_id, text), now);
    }
    picture
}

const HISTORY: &[(i64, &str)] = &[
    (1, "CREATE_IN_PROGRESS App AWS::CloudFormation::Stack User Initiated"),
    (2, "CREATE_IN_PROGRESS NetworkVpc AWS::EC2::VPC"),
    (2, "CREATE_IN_PROGRESS TopicTopic AWS::SNS::Topic"),
    (9, "CREATE_COMPLETE TopicTopic AWS::SNS::Topic"),
    (12, "CREATE_COMPLETE NetworkVpc AWS::EC2::VPC"),
    (13, "CREATE_IN_PROGRESS NetworkSubnetA AWS::EC2::Subnet"),
    (13, "CREATE_IN_PROGRESS NetworkSubnetB AWS::EC2::Subnet"),
    (13, "CREATE_IN_PROGRESS BackendTaskDefinition AWS::ECS::TaskDefinition"),
    (15, "CREATE_COMPLETE BackendTaskDefinition AWS::ECS::TaskDefinition"),
    (16, "CREATE_IN_PROGRESS BackendService AWS::ECS::Service"),
    (16, "CREATE_IN_PROGRESS Inner AWS::CloudFormation::Stack"),
    (17, "inner CREATE_IN_PROGRESS Queue AWS::SQS::Queue"),
    (18, "inner CREATE_COMPLETE Queue AWS::SQS::Queue"),
    (18, "inner CREATE_IN_PROGRESS Table AWS::DynamoDB::Table"),
    (66, "CREATE_COMPLETE NetworkSubnetA AWS::EC2::Subnet"),
    (66, "CREATE_COMPLETE NetworkSubnetB AWS::EC2::Subnet"),
];

fn service(running: i32, failed: i32) -> ServiceState {
    ServiceState {
        message_time: None,
        logical_id: "BackendService".to_owned(),
        service: "arn:aws:ecs:us-east-1:123456789012:service/c/backend".to_owned(),
        deployments: vec![ServiceDeployment {
            created: None,
            id: "ecs-svc/1".to_owned(),
            status: "PRIMARY".to_owned(),
            rollout: Some("IN_PROGRESS".to_owned()),
            rollout_reason: None,
            task_definition: "arn:aws:ecs:us-east-1:123456789012:task-definition/backend:7".to_owned(),
            desired: 2,
            running,
            pending: 1,
            failed,
        }],
        message: None,
    }
}

fn busy() -> Picture {
    let mut picture = picture("App", HISTORY);
    picture.see(&Progress::Expected { total: seconds(300), operations: 4 }, seconds(70));
    picture.see(&Progress::Service(service(0, 3)), seconds(70));
    picture
}

fn shown(lines: Vec<String>) -> String {
    let plain = |line: &String| anstream::adapter::strip_str(line).to_string() + "\n";
    lines.iter().map(plain).collect()
}

#[test]
fn a_tree_by_construct_folds_what_is_finished_at_120_columns() {
    insta::assert_snapshot!(shown(render(&[busy()], 120, 40, seconds(80))), @"
    ▸ App  creating  1m20s  6 of 9  about 4 min left, going by 4 earlier deployments
      ✓ Network  3 resources  1m04s
      ✓ Topic/Topic  created  7s
      ▸ Backend  1 of 2
        ✓ TaskDefinition  created  2s
        ▸ Service  creating  1m04s  AWS::ECS::Service
          0 of 2 tasks running, 1 starting, 3 failed (new deployment of backend:7, in progress)
      ▸ Inner  creating  1m04s  1 of 3
        ✓ Queue  created  1s
        ▸ Table  creating  1m02s  AWS::DynamoDB::Table
    ");
}

#[test]
fn lines_are_cut_at_80_columns() {
    insta::assert_snapshot!(shown(render(&[busy()], 80, 40, seconds(80))), @"
    ▸ App  creating  1m20s  6 of 9  about 4 min left, going by 4 earlier deployments
      ✓ Network  3 resources  1m04s
      ✓ Topic/Topic  created  7s
      ▸ Backend  1 of 2
        ✓ TaskDefinition  created  2s
        ▸ Service  creating  1m04s  AWS::ECS::Service
          0 of 2 tasks running, 1 starting, 3 failed (new deployment of backend:7, …
      ▸ Inner  creating  1m04s  1 of 3
        ✓ Queue  created  1s
        ▸ Table  creating  1m02s  AWS::DynamoDB::Table
    ");
}

#[test]
fn lines_are_cut_at_20_columns() {
    insta::assert_snapshot!(shown(render(&[busy()], 20, 40, seconds(80))), @"
    ▸ App  creating  1m…
      ✓ Network  3 reso…
      ✓ Topic/Topic  cr…
      ▸ Backend  1 of 2
        ✓ TaskDefinitio…
        ▸ Service  crea…
          0 of 2 tasks …
      ▸ Inner  creating…
        ✓ Queue  create…
        ▸ Table  creati…
    ");
}

#[test]
fn a_low_terminal_shows_what_goes_on_and_counts_the_rest() {
    insta::assert_snapshot!(shown(render(&[busy()], 80, 7, seconds(80))), @"
    ▸ App  creating  1m20s  6 of 9  about 4 min left, going by 4 earlier deployments
      ▸ Backend  1 of 2
        ▸ Service  creating  1m04s  AWS::ECS::Service
          0 of 2 tasks running, 1 starting, 3 failed (new deployment of backend:7, …
      ▸ Inner  creating  1m04s  1 of 3
        ▸ Table  creating  1m02s  AWS::DynamoDB::Table
      ✓ 4 finished
    ");
    insta::assert_snapshot!(shown(render(&[busy()], 80, 3, seconds(80))), @"
    ▸ App  creating  1m20s  6 of 9  about 4 min left, going by 4 earlier deployments
      ▸ Backend  1 of 2
      … and 4 more lines
    ");
}

#[test]
fn several_stacks_stand_below_each_other_and_those_that_wait_are_named() {
    let mut other = picture("Other", &HISTORY[..3]);
    other.see(&Progress::Throttled { retry_in: seconds(4) }, seconds(80));
    let stacks = [busy(), other, Picture::new(subject("Dns")), Picture::new(subject("Edge"))];
    insta::assert_snapshot!(shown(render(&stacks, 100, 10, seconds(80))), @"
    ▸ App  us-east-1  creating  1m20s  6 of 9  about 4 min left, going by 4 earlier deployments
      ▸ Backend  1 of 2
        ▸ Service  creating  1m04s  AWS::ECS::Service
          0 of 2 tasks running, 1 starting, 3 failed (new deployment of backend:7, in progress)
      ▸ Inner  creating  1m04s  1 of 3
        ▸ Table  creating  1m02s  AWS::DynamoDB::Table
    ▸ Other  us-east-1  creating  1m20s  0 of 2  ! AWS asks to slow down; next question in 4 s
      ▸ Network/Vpc  creating  1m18s  AWS::EC2::VPC
      ▸ Topic/Topic  creating  1m18s  AWS::SNS::Topic
    · 2 stacks waiting: Dns, Edge
    ");
}

// L7, L8
#[test]
fn after_a_rollback_the_failure_and_its_reason_remain_and_cancellations_do_not_look_like_failures() {
    let history = [
        (1, "CREATE_IN_PROGRESS App AWS::CloudFormation::Stack User Initiated"),
        (2, "CREATE_IN_PROGRESS NetworkVpc AWS::EC2::VPC"),
        (2, "CREATE_IN_PROGRESS TopicTopic AWS::SNS::Topic"),
        (3, "CREATE_IN_PROGRESS BackendLogs AWS::Logs::LogGroup"),
        (4, "CREATE_COMPLETE NetworkVpc AWS::EC2::VPC"),
        (9, "CREATE_FAILED TopicTopic AWS::SNS::Topic not authorized to perform: sns:CreateTopic"),
        (9, "CREATE_FAILED BackendLogs AWS::Logs::LogGroup Resource creation cancelled"),
        (10, "ROLLBACK_IN_PROGRESS App AWS::CloudFormation::Stack"),
        (11, "DELETE_IN_PROGRESS NetworkVpc AWS::EC2::VPC"),
        (13, "DELETE_COMPLETE NetworkVpc AWS::EC2::VPC"),
        (14, "DELETE_COMPLETE TopicTopic AWS::SNS::Topic"),
        (15, "ROLLBACK_COMPLETE App AWS::CloudFormation::Stack"),
    ];
    let mut picture = picture("App", &history);
    insta::assert_snapshot!(shown(render(&[picture.clone()], 80, 40, seconds(15))), @"
    ↺ App  rolled back  15s  3 of 3
      ↺ Network/Vpc  removed again  2s
      ✗ Topic/Topic  not created  7s  not authorized to perform: sns:CreateTopic
      ↺ Backend/Logs  cancelled  6s
    ");
    picture.end(seconds(15));
    insta::assert_snapshot!(shown(ended(&picture, false, seconds(20))), @"
    ↺ App  us-east-1  rolled back  15s  3 of 3
      ✗ Topic/Topic  not created  7s  not authorized to perform: sns:CreateTopic
    ");
}

#[test]
fn colours_only_stand_beside_words() {
    let coloured = render(&[busy()], 120, 40, seconds(80));
    assert!(coloured.iter().any(|line| line.contains('\u{1b}')), "{coloured:?}");
    for line in shown(coloured).lines() {
        assert!(
            line.trim_start().starts_with(['✓', '▸', '✗', '·']) || line.contains("tasks running"),
            "{line}"
        );
    }
}

#[test]
fn what_stopped_is_told_at_once_with_its_exit_code_and_its_last_words() {
    let picture = busy();
    let task = StoppedTask {
        service: String::new(),
        deployment: None,
        logical_id: "BackendService".to_owned(),
        task: "arn:aws:ecs:us-east-1:123456789012:task/c/1".to_owned(),
        task_definition: "backend:7".to_owned(),
        stopped: None,
        code: Some("EssentialContainerExited".to_owned()),
        reason: Some("Essential container in task exited".to_owned()),
        containers: vec![StoppedContainer {
            log_note: None,
            log_source: None,
            name: "backend".to_owned(),
            exit_code: Some(1),
            reason: None,
            log: vec!["listening".to_owned(), "no \u{1b}[2Jdatabase".to_owned()],
        }],
    };
    insta::assert_snapshot!(shown(lasting_lines(&picture, &Progress::TaskStopped(task))), @"
    ✗ Backend/Service: a task stopped: Essential container in task exited (EssentialContainerExited)
      container backend: exit code 1
      | listening
      | no  [2Jdatabase
    ");
    let repeats = Progress::Repeats {
        logical_id: "BackendService".to_owned(),
        reason: "Essential container in task exited".to_owned(),
        times: 3,
    };
    insta::assert_snapshot!(shown(lasting_lines(&picture, &repeats)), @"
    ✗ Backend/Service: 3 tasks stopped for the same reason, so waiting will not help: Essential container in task exited
    ");
    let updated =
        self::picture("App", &[(1, "UPDATE_IN_PROGRESS App AWS::CloudFormation::Stack User Initiated")]);
    insta::assert_snapshot!(shown(lasting_lines(&updated, &repeats)), @"
    ✗ Backend/Service: 3 tasks stopped for the same reason, so waiting will not help: Essential container in task exited
      to take the update back, type: docuthinker cancel App
    ");
}

// C6
#[test]
fn a_sign_of_life_names_what_is_in_progress_and_for_how_long() {
    let beat = Progress::Heartbeat { elapsed: seconds(80), in_progress: vec![] };
    insta::assert_snapshot!(shown(lines(&busy(), &beat, seconds(80))), @"
    App: creating for 1m20s; in progress: Backend/Service (1m04s), Inner (1m04s), Inner/Table (1m02s); about 4 min left, going by 4 earlier deployments
    ");
    insta::assert_snapshot!(shown(lines(&busy(), &Progress::Service(service(1, 0)), seconds(80))), @"
    Backend/Service: 1 of 2 tasks running, 1 starting (new deployment of backend:7, in progress)
    ");
}

#[test]
fn a_plain_line_has_the_construct_and_beginnings_have_none() {
    let picture = busy();
    let told = |text| shown(lines(&picture, &event(15, ROOT, text), seconds(15)));
    insta::assert_snapshot!(told("CREATE_COMPLETE BackendTaskDefinition AWS::ECS::TaskDefinition"), @"
    00:00:15  CREATE_COMPLETE  Backend/TaskDefinition (AWS::ECS::TaskDefinition)
    ");
    assert_eq!(told("CREATE_IN_PROGRESS BackendService AWS::ECS::Service"), "");
}

proptest! {
    // C6
    #[test]
    fn never_taller_nor_wider_than_the_screen(width in 1_usize..130, height in 1_usize..30, stacks in 1_usize..9, upto in 0..=HISTORY.len(), name in "\\PC{0,12}") {
        let mut pictures: Vec<Picture> = (0..stacks).map(|_| picture("App", &HISTORY[..upto])).collect();
        pictures[0].subject.name = name;
        pictures.push(busy());
        pictures.push(Picture::new(subject("Waiting")));
        let lines = render(&pictures, width, height, seconds(90));
        prop_assert!(lines.len() <= height, "{} lines", lines.len());
        for line in &lines {
            let plain = anstream::adapter::strip_str(line).to_string();
            prop_assert!(columns(&plain) <= width, "{plain}");
            prop_assert!(!plain.contains(char::is_control), "{plain:?}");
        }
    }
}
