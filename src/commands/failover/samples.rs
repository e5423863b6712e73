//! Two environments as they may be seen, made by hand.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use cloud::preflight::Certificate;
use cloud::secrets::StoredSecret;
use cloud::{Answer, LoadBalancer, Outcome, TargetHealth, Timestamp};
use template::Template;

use super::declared::{DnsCheck, FailoverRecord};
use super::seen::{Balancer, Domain, Health, Seen, SeenImage, SeenSecret, SeenStack, Side, Stored};
use crate::commands::status::view::{
    Count, Image, Operation, RunningImage, Service, Stack, Status, Targets, Told,
};

/// 2026-01-01 10:00:00 and so many seconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp((1_767_261_600 + seconds) * 1000)
}

/// The digest of an image.
pub(super) fn digest(number: u8) -> String {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
}

/// What both stacks are made of: a service in two zones behind a load balancer, and a file system. `room` differs by
/// settings.
pub(super) fn template(room: u8) -> Template {
    let text = format!(
        "
Resources:
  SubnetA: {{Type: AWS::EC2::Subnet, Properties: {{AvailabilityZone: !Sub '${{AWS::Region}}a'}}}}
  SubnetB: {{Type: AWS::EC2::Subnet, Properties: {{AvailabilityZone: !Sub '${{AWS::Region}}b'}}}}
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {{HealthCheckIntervalSeconds: 15, UnhealthyThresholdCount: 3}}
  Chroma: {{Type: AWS::EFS::FileSystem, Properties: {{BackupPolicy: {{Status: ENABLED}}}}}}
  Scaling: {{Type: AWS::ApplicationAutoScaling::ScalableTarget, Properties: {{MinCapacity: {room}}}}}
  BackendService:
    Type: AWS::ECS::Service
    Properties:
      LoadBalancers: [{{TargetGroupArn: !Ref Targets}}]
      NetworkConfiguration: {{AwsvpcConfiguration: {{Subnets: [!Ref SubnetA, !Ref SubnetB]}}}}
"
    );
    Template::parse(&text, "t.yaml").unwrap().template
}

/// A service with as many tasks as are wanted.
pub(super) fn service(desired: i32) -> Service {
    let number = usize::try_from(desired).unwrap();
    let targets = (0..number).map(|number| TargetHealth {
        target: format!("10.0.{number}.7"),
        port: Some(8080),
        state: "healthy".to_owned(),
        reason: None,
        description: None,
    });
    Service {
        name: "backend".to_owned(),
        logical_id: "BackendService".to_owned(),
        arn: String::new(),
        status: "ACTIVE".to_owned(),
        count: Count {
            desired,
            running: desired,
            pending: 0,
            declared: None,
            autoscaled: true,
            minimum: None,
            maximum: None,
        },
        rollout: Vec::new(),
        targets: Told::Known(vec![Targets { target_group: "web".to_owned(), targets: targets.collect() }]),
        images: Told::Known(vec![Image {
            container: "backend".to_owned(),
            declared: None,
            running: vec![RunningImage {
                image: "backend:v1".to_owned(),
                digest: Some(digest(1)),
                tasks: number,
            }],
            setting: None,
            drift: Vec::new(),
        }]),
        newer_secrets: Told::Known(Vec::new()),
        tasks: None,
        usage: None,
        message: None,
    }
}

fn status(region: &str, desired: i32) -> Status {
    let stack = Stack {
        name: "DocuThinkerStack".to_owned(),
        region: region.to_owned(),
        state: "UPDATE_COMPLETE".to_owned(),
        reason: None,
        changed: None,
        deployments: Told::Known(vec![Operation {
            id: String::new(),
            kind: "CREATE".to_owned(),
            outcome: Outcome::Succeeded,
            began: at(0),
            ended: Some(at(610)),
        }]),
        services: Told::Known(vec![service(desired)]),
        alarms: Told::Known(Vec::new()),
        addresses: Vec::new(),
    };
    Status { well: true, stacks: vec![stack], not_deployed: Vec::new() }
}

/// A secret of the same name, stored at this time.
pub(super) fn secret(variable: &str, version: &str, changed: i64) -> SeenSecret {
    let name = format!("docuthinker/{}", variable.to_lowercase());
    let stored = StoredSecret {
        arn: String::new(),
        name: name.clone(),
        version_id: Some(version.to_owned()),
        changed: Some(at(changed)),
        rotated: None,
        accessed: None,
        rotates: false,
        next_rotation: None,
        deleted: false,
    };
    let variables = vec![("backend".to_owned(), variable.to_owned())];
    SeenSecret { name, variables, stored: Told::Known(Some(stored)) }
}

fn side(environment: &str, region: &str, zone: &str, desired: i32, address: u8) -> Side {
    let host = format!("docuthinker-alb-1.{region}.elb.amazonaws.com");
    let room = u8::try_from(desired).unwrap();
    let addresses = BTreeSet::from([IpAddr::from([192, 0, 2, address])]);
    let balancer = LoadBalancer { dns_name: host.clone(), hosted_zone: zone.to_owned() };
    let answer = Answer {
        address: "https://api.docuthinker.ai/health".to_owned(),
        status: Some(200),
        took: Duration::from_millis(40),
        failure: None,
    };
    let certificate = Certificate { status: "ISSUED".to_owned(), expires: Some(at(300 * 24 * 3600)) };
    Side {
        environment: environment.to_owned(),
        region: region.to_owned(),
        account: "123456789012".to_owned(),
        stacks: vec![SeenStack {
            id: "DocuThinkerStack".to_owned(),
            name: "DocuThinkerStack".to_owned(),
            state: Some("UPDATE_COMPLETE".to_owned()),
            deployed: Told::Known(Some(template(room))),
            wanted: template(room),
        }],
        status: status(region, desired),
        secrets: vec![secret("OPENAI_API_KEY", "a", 0), secret("MONGODB_URI", "b", 0)],
        unread: Vec::new(),
        images: Vec::new(),
        balancers: vec![Balancer { found: Told::Known(Some(balancer)), addresses: Told::Known(addresses) }],
        health: vec![Health { output: "BackendURL".to_owned(), answer: Told::Known(answer) }],
        certificates: vec![("arn:aws:acm:1".to_owned(), Told::Known(Some(certificate)))],
        records: vec![FailoverRecord {
            stack: "DocuThinkerDns".to_owned(),
            name: "api.docuthinker.ai".to_owned(),
            role: if environment == "prod" { "PRIMARY" } else { "SECONDARY" }.to_owned(),
            evaluates: true,
            zone: Some(zone.to_owned()),
            target: Some(format!("dualstack.{host}.")),
            check: Some(DnsCheck { interval: 30, threshold: 3 }),
        }],
    }
}

/// Everything is as it should be; the standby is warm with one task.
pub(super) fn well() -> Seen {
    let mut standby = side("dr", "us-west-2", "Z1H1FL5HABSF5", 1, 20);
    standby.images = vec![SeenImage {
        container: "backend".to_owned(),
        repository: "docuthinker-backend".to_owned(),
        made_by: "DocuThinkerFoundation".to_owned(),
        digest: digest(1),
        found: Told::Known(Stored::There),
    }];
    Seen {
        primary: side("prod", "us-east-1", "Z35SXDOTRQ7X7K", 2, 10),
        standby,
        domain: Some(Domain {
            name: "api.docuthinker.ai".to_owned(),
            addresses: Told::Known(BTreeSet::from([IpAddr::from([192, 0, 2, 10])])),
        }),
    }
}

/// The standby was never deployed.
pub(super) fn alone() -> Seen {
    let mut seen = well();
    let standby = &mut seen.standby;
    standby.stacks[0].state = None;
    standby.stacks[0].deployed = Told::Known(None);
    standby.status.stacks.clear();
    standby.images[0].found = Told::Known(Stored::NoRepository);
    standby.secrets.clear();
    standby.balancers.clear();
    standby.health.clear();
    standby.certificates.clear();
    standby.records.clear();
    seen
}

/// The service of a side.
pub(super) fn service_of(side: &mut Side) -> &mut Service {
    let Told::Known(services) = &mut side.status.stacks[0].services else { panic!("it is known") };
    &mut services[0]
}

/// Something is wrong with nearly everything.
pub(super) fn broken() -> Seen {
    let mut seen = well();
    let (primary, standby) = (&mut seen.primary, &mut seen.standby);
    standby.stacks[0].deployed = Told::Known(Some(template(7)));
    if let Told::Known(images) = &mut service_of(standby).images {
        images[0].running[0].digest = Some(digest(2));
    }
    standby.images[0].found = Told::Known(Stored::NoImage);
    standby.secrets[0] = secret("OPENAI_API_KEY", "z", -3600);
    primary.secrets[1].stored =
        Told::Unknown { unknown: "not allowed to do secretsmanager:DescribeSecret in us-east-1".to_owned() };
    service_of(standby).count.running = 0;
    standby.health[0].answer = Told::Known(Answer {
        address: String::new(),
        status: None,
        took: Duration::from_secs(10),
        failure: Some("no answer within 10 s".to_owned()),
    });
    if let Told::Known(Some(certificate)) = &mut standby.certificates[0].1 {
        certificate.expires = Some(at(-1));
    }
    // The mistake of the seed: the zone of us-east-1 in both regions.
    standby.records[0].zone = Some("Z35SXDOTRQ7X7K".to_owned());
    standby.records[0].check = None;
    seen.domain = Some(Domain {
        name: "api.docuthinker.ai".to_owned(),
        addresses: Told::Known(BTreeSet::from([IpAddr::from([192, 0, 2, 20])])),
    });
    seen
}
