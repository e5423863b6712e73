use std::collections::BTreeMap;

use insta::assert_snapshot;

use super::*;
use crate::facts;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

fn map<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<String, String> {
    entries.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// One line for each requirement: what, whether it is vital, where.
fn lines(text: &str, known: &Known<'_>) -> String {
    let template = Template::parse(text, "test.yaml").expect("the template is well-formed").template;
    let known = Known { region: REGION, account: ACCOUNT, stack: "Shop", ..*known };
    let line = |one: &Requirement| {
        let what = match &one.needed {
            Needed::Image(image) => format!(
                "image {} {} {:?} {}",
                image.registry,
                image.repository,
                image.version,
                image.architecture.unwrap_or("?")
            ),
            Needed::ImageInNewRepository { repository, image } => format!("push first {repository} {image}"),
            Needed::Secret(secret) => format!(
                "secret {} {} {:?} {} {:?}",
                secret.id, secret.region, secret.keys, secret.stage, secret.version
            ),
            Needed::Certificate { arn, region } => format!("certificate {arn} in {region}"),
            Needed::HostedZone { id } => format!("zone {id}"),
            Needed::Vpc { id } => format!("vpc {id}"),
            Needed::Subnet { id, vpc } => format!("subnet {id} in {}", vpc.as_deref().unwrap_or("?")),
            Needed::FreeName { type_name, name } => format!("free {type_name} {name}"),
        };
        let places: Vec<String> =
            one.places.iter().map(|place| format!("{}: {}", place.resource, place.path)).collect();
        let vital = if one.vital { "" } else { " (not vital)" };
        format!("{what}{vital} [{}]", places.join(", "))
    };
    requirements(&template, &known).iter().map(line).collect::<Vec<_>>().join("\n")
}

fn task(image: &str) -> String {
    format!(
        "
Parameters: {{Tag: {{Type: String, Default: v1}}, Free: {{Type: String}}}}
Conditions: {{Arm: !Equals [!Ref Tag, arm]}}
Resources:
  Service: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref Task}}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      RuntimePlatform: !If [Arm, {{CpuArchitecture: ARM64}}, !Ref AWS::NoValue]
      ContainerDefinitions: [{{Name: web, Image: {image}}}]
"
    )
}

const IMAGE_PLACE: &str = "[Task: Resources.Task.Properties.ContainerDefinitions[0].Image]";

#[test]
fn an_image_is_known_through_functions_parameters_and_imports() {
    let tagged = format!("image {ACCOUNT} web Tag(\"v1\") amd64 {IMAGE_PLACE}");
    let exports = map([("Repos:Uri", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web")]);
    let known = Known { exports: &exports, ..Known::default() };
    for image in [
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:v1",
        "!Sub '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/web:${Tag}'",
        "!Join ['', [!Ref AWS::AccountId, .dkr.ecr., !Ref AWS::Region, '.amazonaws.com/web:', !Ref Tag]]",
        "!Sub ['${Uri}:v1', {Uri: !ImportValue 'Repos:Uri'}]",
        "!Join [':', [!ImportValue {'Fn::Sub': 'Repos:Uri'}, !Ref Tag]]",
        "!If [Arm, elsewhere.example/web, !Sub '${AWS::AccountId}.dkr-ecr.eu-west-1.on.aws/web:v1']",
    ] {
        assert_eq!(lines(&task(image), &known), tagged, "{image}");
    }
}

#[test]
fn a_given_parameter_decides_and_so_does_what_hangs_on_it() {
    let image = "!Sub '${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/web:${Tag}'";
    let parameters = map([("Tag", "arm")]);
    let known = Known { parameters: &parameters, ..Known::default() };
    let expected = format!("image {ACCOUNT} web Tag(\"arm\") arm64 {IMAGE_PLACE}");
    assert_eq!(lines(&task(image), &known), expected);
}

#[test]
fn nothing_is_said_of_images_that_only_the_deployment_knows() {
    let kept = ["Tag".to_owned()];
    let known = Known { kept: &kept, ..Known::default() };
    for image in [
        "!Sub '${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/web:${Tag}'",
        "!Ref Free",
        "!ImportValue 'Other:Uri'",
        "public.ecr.aws/nginx/nginx:1.27",
        "nginx",
        "docker.io/library/nginx:1.27",
    ] {
        assert_eq!(lines(&task(image), &known), "", "{image}");
    }
}

#[test]
fn a_digest_counts_more_than_a_tag_and_no_tag_is_latest() {
    let with = |rest: &str| {
        lines(&task(&format!("'{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/a/b{rest}'")), &Known::default())
    };
    assert!(with(":v2@sha256:00ff").starts_with(&format!("image {ACCOUNT} a/b Digest(\"sha256:00ff\")")));
    assert!(with("").starts_with(&format!("image {ACCOUNT} a/b Tag(\"latest\")")));
}

#[test]
fn an_image_of_a_repository_that_the_template_makes_must_be_pushed_first() {
    let text = task("!Sub '${Repository.RepositoryUri}:v1'");
    let text = text + "  Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryName: web}}\n";
    assert_eq!(
        lines(&text, &Known::default()),
        format!(
            "push first Repository ${{Repository.RepositoryUri}}:v1 {IMAGE_PLACE}\n\
             free AWS::ECR::Repository web [Repository: Resources.Repository.Properties.RepositoryName]"
        )
    );
    let by_name = text
        .replace("${Repository.RepositoryUri}:v1", "${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/web");
    assert!(lines(&by_name, &Known::default()).starts_with("push first Repository"));
    let deployed = map([("Repository", "web")]);
    let known = Known { deployed: &deployed, ..Known::default() };
    assert_eq!(lines(&text, &known), format!("image {ACCOUNT} web Tag(\"v1\") amd64 {IMAGE_PLACE}"));
    // The name that CloudFormation made is known once the repository is there.
    let unnamed = text.replace("RepositoryName: web", "");
    let deployed = map([("Repository", "shop-repository-1a2b")]);
    let known = Known { deployed: &deployed, ..Known::default() };
    assert!(lines(&unnamed, &known).starts_with(&format!("image {ACCOUNT} shop-repository-1a2b ")));
}

#[test]
fn a_task_that_nothing_starts_needs_its_image_later() {
    let image = format!("{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/web:v1");
    let idle =
        task(&image).replace("TaskDefinition: !Ref Task", "TaskDefinition: !Ref Task, DesiredCount: 0");
    assert!(lines(&idle, &Known::default()).contains("amd64 (not vital)"));
}

#[test]
fn secrets_are_read_from_every_form() {
    let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf";
    let exports = map([("Db", arn)]);
    let text = format!(
        "
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx
          Secrets:
            - {{Name: A, ValueFrom: !ImportValue Db}}
            - {{Name: B, ValueFrom: !Sub ['${{S}}:user::', {{S: !ImportValue Db}}]}}
            - {{Name: C, ValueFrom: '{arn}:password:AWSPREVIOUS:'}}
            - {{Name: D, ValueFrom: /a/parameter}}
            - {{Name: E, ValueFrom: !Ref Own}}
          LogConfiguration: {{SecretOptions: [{{Name: F, ValueFrom: '{arn}:key::'}}]}}
  Service: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref Task}}}}
  Own: {{Type: AWS::SecretsManager::Secret}}
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUsername: '{{{{resolve:secretsmanager:shop/rds:SecretString:user}}}}'
      MasterUserPassword: '{{{{resolve:secretsmanager:{arn}:SecretString:password::v-1}}}}'
      DBName: !Sub '{{{{resolve:secretsmanager:${{Own}}:SecretString:name}}}}'
"
    );
    let known = Known { exports: &exports, ..Known::default() };
    assert_snapshot!(lines(&text, &known), @r#"
    secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf eu-west-1 {"key", "user"} AWSCURRENT None [Task: Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom, Task: Resources.Task.Properties.ContainerDefinitions[0].Secrets[1].ValueFrom, Task: Resources.Task.Properties.ContainerDefinitions[0].LogConfiguration.SecretOptions[0].ValueFrom]
    secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf eu-west-1 {"password"} AWSPREVIOUS None [Task: Resources.Task.Properties.ContainerDefinitions[0].Secrets[2].ValueFrom]
    secret shop/rds eu-west-1 {"user"} AWSCURRENT None [Database: Resources.Database.Properties.MasterUsername]
    secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf eu-west-1 {"password"} AWSCURRENT Some("v-1") [Database: Resources.Database.Properties.MasterUserPassword]
    "#);
}

#[test]
fn a_secret_that_the_deployment_makes_itself_need_not_be_there() {
    let text = "
Parameters: {Stage: {Type: String}}
Conditions: {Is: !Equals [!Ref Stage, test]}
Resources:
  Named: {Type: AWS::SecretsManager::Secret, Properties: {Name: !Sub '${AWS::StackName}/db'}}
  Perhaps: {Type: AWS::SecretsManager::Secret, Condition: Is, Properties: {Name: perhaps}}
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      MasterUsername: '{{resolve:secretsmanager:Shop/db:SecretString:user}}'
      MasterUserPassword: '{{resolve:secretsmanager:perhaps:SecretString:password}}'
      DBName: '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:Shop/db:SecretString:name}}'
      Port: '{{resolve:secretsmanager:other:SecretString:port}}'
      Engine: '{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:111122223333:secret:Shop/db:SecretString:name}}'
";
    let names = |lines: String| -> Vec<String> {
        let secrets = lines.lines().filter_map(|line| line.strip_prefix("secret "));
        secrets.map(|line| line.split(" {").next().unwrap_or_default().to_owned()).collect()
    };
    let elsewhere = "arn:aws:secretsmanager:us-east-1:111122223333:secret:Shop/db us-east-1";
    assert_eq!(names(lines(text, &Known::default())), ["other eu-west-1", elsewhere]);
    let made = ["other".to_owned()].into();
    let known = Known { made_before: &made, ..Known::default() };
    assert_eq!(names(lines(text, &known)), [elsewhere]);
    let template = Template::parse(text, "test.yaml").expect("well-formed").template;
    let known = Known { stack: "Shop", ..Known::default() };
    assert_eq!(made_secrets(&template, &known), ["Shop/db", "perhaps"].map(str::to_owned).into());
}

#[test]
fn certificates_and_zones_are_those_of_outside() {
    let text = "
Resources:
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      Certificates: [{CertificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/1'}]
  Others:
    Type: AWS::ElasticLoadBalancingV2::ListenerCertificate
    Properties:
      Certificates: [{CertificateArn: !Ref Own}, {CertificateArn: 'arn:aws:iam::111122223333:server-certificate/x'}]
  Distribution:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig: {ViewerCertificate: {AcmCertificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/2'}}
  Own:
    Type: AWS::CertificateManager::Certificate
    Properties: {DomainValidationOptions: [{DomainName: a.example, HostedZoneId: Z1}]}
  Record:
    Type: AWS::Route53::RecordSet
    Properties: {HostedZoneId: /hostedzone/Z1, AliasTarget: {HostedZoneId: Z2FDTNDATAQYW2}}
  OwnZone: {Type: AWS::Route53::HostedZone}
  Group:
    Type: AWS::Route53::RecordSetGroup
    Properties: {HostedZoneId: !Ref OwnZone}
";
    assert_snapshot!(lines(text, &Known::default()), @"
    certificate arn:aws:acm:eu-west-1:111122223333:certificate/1 in eu-west-1 [Listener: Resources.Listener.Properties.Certificates[0].CertificateArn]
    certificate arn:aws:acm:us-east-1:111122223333:certificate/2 in us-east-1 [Distribution: Resources.Distribution.Properties.DistributionConfig.ViewerCertificate.AcmCertificateArn]
    zone Z1 [Record: Resources.Record.Properties.HostedZoneId, Own: Resources.Own.Properties.DomainValidationOptions[0].HostedZoneId]
    ");
}

#[test]
fn only_names_of_resources_that_are_still_to_be_made_must_be_free() {
    let text = "
Parameters: {Cluster: {Type: String, Default: ''}}
Conditions: {Named: !Not [!Equals [!Ref Cluster, '']]}
Resources:
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/ecs/${AWS::StackName}'}}
  Old: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/old}}
  Unnamed: {Type: AWS::S3::Bucket}
  Sometimes: {Type: AWS::ECS::Cluster, Condition: Named, Properties: {ClusterName: !Ref Cluster}}
";
    let deployed = map([("Old", "/ecs/old")]);
    let known = Known { deployed: &deployed, ..Known::default() };
    let logs = "free AWS::Logs::LogGroup /ecs/Shop [Logs: Resources.Logs.Properties.LogGroupName]";
    assert_eq!(lines(text, &known), logs);
    let parameters = map([("Cluster", "shop")]);
    let known = Known { deployed: &deployed, parameters: &parameters, ..Known::default() };
    assert!(
        lines(text, &known).starts_with("free AWS::ECS::Cluster shop [Sometimes"),
        "{}",
        lines(text, &known)
    );
}

#[test]
fn a_condition_that_is_not_known_requires_nothing() {
    let text = "
Parameters: {Big: {Type: String}}
Conditions:
  Is: !Equals [!Ref Big, 'yes']
  Round: !Or [Condition: Round, Condition: Is]
Resources:
  Sometimes: {Type: AWS::ECS::Cluster, Condition: Is, Properties: {ClusterName: shop}}
  Round: {Type: AWS::ECS::Cluster, Condition: Round, Properties: {ClusterName: shop}}
  Either: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !If [Is, /a, /b]}}
";
    assert_eq!(lines(text, &Known::default()), "");
}

#[test]
fn a_secret_parameter_is_in_no_requirement() {
    let text = "
Parameters: {Key: {Type: String, NoEcho: true, Default: canary}}
Resources: {Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Ref Key}}}
";
    let parameters = map([("Key", "canary")]);
    assert_eq!(lines(text, &Known { parameters: &parameters, ..Known::default() }), "");
}

// R331
#[test]
fn a_network_is_needed_where_it_is_named_by_ids() {
    let text = |group: &str| {
        format!(
            "
Parameters: {{Subnets: {{Type: 'List<AWS::EC2::Subnet::Id>', Default: 'subnet-1,subnet-2'}}, Free: {{Type: String}}}}
Resources:
  Own: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: vpc-1, CidrBlock: 10.0.0.0/24}}}}
  Group: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: g, VpcId: {group}}}}}
  Alb: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{Subnets: !Ref Subnets}}}}
  Nat: {{Type: AWS::EC2::NatGateway, Properties: {{SubnetId: !Ref Own}}}}
  Mount: {{Type: AWS::EFS::MountTarget, Properties: {{FileSystemId: fs-1, SubnetId: subnet-1, SecurityGroups: []}}}}
"
        )
    };
    assert_snapshot!(lines(&text("!Ref Free"), &Known::default()), @"");
    assert_snapshot!(lines(&text("vpc-2"), &Known::default()), @"");
}

#[test]
fn a_macro_may_make_anything_of_a_template() {
    let text = "
Transform: Mine
Resources: {Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/shop}}}
";
    assert_eq!(lines(text, &Known::default()), "");
}

#[test]
fn imports_are_told_by_name() {
    let text = "
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: !ImportValue B, DisplayName: !ImportValue {'Fn::Sub': '${AWS::StackName}:C'}}}
Outputs: {O: {Value: !ImportValue D}}
";
    let template = Template::parse(text, "test.yaml").expect("well-formed").template;
    let known = Known { stack: "Shop", ..Known::default() };
    assert_eq!(imports(&template, &known), ["B", "Shop:C"].map(str::to_owned).into());
}

#[test]
fn what_must_be_free_is_what_cloud_control_knows_the_resource_by() {
    for (type_name, property) in FIXED_NAMES {
        let facts = facts::resource(type_name).expect("the type is known");
        if type_name != "AWS::SecretsManager::Secret" {
            assert_eq!(facts.primary_identifier, [property], "{type_name}");
        }
    }
}
