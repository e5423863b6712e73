//! Looking for what a deployment needs, through the built command.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{Outcome, Project};
use crate::stand_in::{Answer, StandIn, json_error, xml, xml_error};

/// A value that must appear nowhere.
const CANARY: &str = "canary-sk-1234567890";

pub(crate) const SHOP: &str = r#"
Parameters: {Tag: {Type: String, Default: v1}}
Resources:
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/shop}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions:
        - Name: web
          Image: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/web:${Tag}"
          Secrets:
            - Name: PASSWORD
              ValueFrom: !Sub "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db-AbCdEf:password::"
        - Name: sidecar
          Image: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/sidecar:v1"
          Secrets:
            - Name: TOKEN
              ValueFrom: !Sub "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:token-AbCdEf"
  Service: {Type: AWS::ECS::Service, Properties: {TaskDefinition: !Ref Task}}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      Certificates: [{CertificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1"}]
  Record:
    Type: AWS::Route53::RecordSet
    Properties: {HostedZoneId: Z1, Name: shop.example.com, Type: A}
"#;

const NOT_THERE: &str = "Stack with id Shop does not exist";

/// AWS without any stack; what is looked for is as `looked_for` says.
pub(crate) fn aws(looked_for: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> StandIn {
    StandIn::start(move |action, body| match action {
        "GetCallerIdentity" => xml(
            action,
            "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>u</UserId>",
        ),
        "DescribeStacks" | "GetTemplate" => xml_error("ValidationError", NOT_THERE),
        "ListExports" => xml(action, "<Exports/>"),
        "DescribeAccountLimits" => {
            let limit = "<member><Name>StackLimit</Name><Value>2000</Value></member>";
            xml(action, &format!("<AccountLimits>{limit}</AccountLimits>"))
        }
        "ListStacks" => xml(action, "<StackSummaries/>"),
        "SimulatePrincipalPolicy" => allowed(action),
        "CreateChangeSet" => xml_error("ValidationError", "no more than this is tested"),
        "" => (404, String::new()),
        _ => looked_for(action, &serde_json::from_str(body).unwrap_or_default()),
    })
}

/// What IAM says where everything is allowed; of many actions one is enough here.
fn allowed(action: &str) -> Answer {
    let decision = "<EvalActionName>ecs:CreateService</EvalActionName><EvalDecision>allowed</EvalDecision>";
    xml(action, &format!("<EvaluationResults><member>{decision}</member></EvaluationResults>"))
}

/// Nothing is as it must be.
fn nothing_right(action: &str, body: &Value) -> Answer {
    let secret = body["SecretId"].as_str().unwrap_or_default();
    let document = match action {
        "BatchGetImage" if body["repositoryName"] == "web" => {
            let index = json!({ "manifests": [{ "platform": { "architecture": "arm64" } }] });
            json!({ "images": [{ "imageManifest": index.to_string() }] })
        }
        "BatchGetImage" => return json_error("RepositoryNotFoundException", "no"),
        "DescribeSecret" if secret.contains("db-") => {
            json!({ "VersionIdsToStages": { "v1": ["AWSCURRENT"] } })
        }
        "DescribePullThroughCacheRules" | "DescribeSecret" => json!({}),
        "GetSecretValue" => json!({ "SecretString": json!({ "user": CANARY }).to_string() }),
        "DescribeCertificate" => json!({ "Certificate": {
            "Status": "PENDING_VALIDATION",
            "DomainValidationOptions": [{
                "DomainName": "shop.example.com",
                "ResourceRecord": { "Name": "_a.shop.example.com.", "Type": "CNAME", "Value": "_v.acm-validations.aws." },
            }],
        } }),
        "GetResource" if body["Identifier"] == "Z1" => return json_error("ResourceNotFoundException", "no"),
        "GetResource" => json!({ "ResourceDescription": { "Identifier": "x", "Properties": "{}" } }),
        other => panic!("{other}"),
    };
    (200, document.to_string())
}

/// All is as it must be.
pub(crate) fn all_right(action: &str, body: &Value) -> Answer {
    let document = match action {
        "BatchGetImage" => json!({ "images": [{ "imageManifest": "{}" }] }),
        "DescribeSecret" => json!({ "VersionIdsToStages": { "v1": ["AWSCURRENT"] } }),
        "GetSecretValue" => json!({ "SecretString": json!({ "password": CANARY }).to_string() }),
        "DescribeCertificate" => json!({ "Certificate": { "Status": "ISSUED" } }),
        "GetResource" if body["Identifier"] == "Z1" => {
            json!({ "ResourceDescription": { "Identifier": "Z1" } })
        }
        "GetResource" => return json_error("ResourceNotFoundException", "no"),
        other => panic!("{other}"),
    };
    (200, document.to_string())
}

fn denied(_: &str, _: &Value) -> Answer {
    json_error("AccessDeniedException", "User: u is not authorized")
}

/// Runs a command about the shop; no program of the machine is on the path.
pub(crate) fn run(command: &[&str], aws: &StandIn) -> Outcome {
    let project = Project::new().variable("PATH", "/nowhere");
    project.write("shop.yaml", SHOP);
    let shop = ["--template", "shop.yaml", "--stack-name", "Shop", "--region", "eu-west-1"];
    let endpoint = ["--endpoint-url", &aws.address];
    let mut outcome = project.run(command.iter().chain(&shop).chain(&endpoint).chain(&["--yes"]));
    outcome.stdout = outcome.stdout.replace(&aws.address, "[AWS]");
    outcome
}

fn without_warning(run: &Outcome) -> String {
    let warning = "is not meant, unset AWS_ENDPOINT_URL and look for `endpoint_url` in the AWS profile\n\n";
    run.stderr.split_once(warning).map_or(run.stderr.as_str(), |(_, rest)| rest).to_owned()
}

// L19
#[test]
fn the_doctor_names_everything_that_is_missing_with_what_helps() {
    let aws = aws(nothing_right);
    let outcome = run(&["doctor"], &aws);
    assert_eq!(outcome.code, Some(3), "{outcome}");
    assert_snapshot!(outcome.stdout, @r#"
    this machine
      ! neither docker, podman nor buildah is on the PATH: images cannot be built here
          fix: install one of them, or build images in CI
      ! session-manager-plugin is not on the PATH: `exec` needs it
          fix: install it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html
      ! git is not on the PATH: `images build` takes the tag of an image from it unless `--tag` names one
          fix: install git, or name the tag
      ✓ the AWS CLI is not there, and not needed but for what begins with `aws` here
      ✓ the AWS CDK and Node.js are not needed

    AWS
      ✓ account 123456789012 in eu-west-1, as arn:aws:iam::123456789012:user/u
      ✓ credentials from the environment (AWS_ACCESS_KEY_ID), the region from --region
      ✓ the policies of arn:aws:iam::123456789012:user/u allow all 1 actions of `docuthinker --region eu-west-1 --endpoint-url [AWS] iam-policy --template shop.yaml --stack-name Shop`

    Shop
      ✓ is not deployed yet
      ✓ 0 of at most 2000 stacks are there
      ✗ the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1 is for arm64, and its tasks run on amd64
          at Resources.Task.Properties.ContainerDefinitions[0].Image
          fix: docker buildx build --platform linux/amd64 --push -t 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1 .
      ✗ the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/sidecar:v1 is not there: eu-west-1 has no repository sidecar
          at Resources.Task.Properties.ContainerDefinitions[1].Image
          fix: aws ecr create-repository --repository-name sidecar --region eu-west-1, or deploy the stack that makes it; then push the image
      ✗ the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf has no key `password`
          at Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom
          fix: store the whole object again: aws secretsmanager put-secret-value --secret-id arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf --secret-string file://value.json --region eu-west-1
      ✗ the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf has no value
          at Resources.Task.Properties.ContainerDefinitions[1].Secrets[0].ValueFrom
          fix: aws secretsmanager put-secret-value --secret-id arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf --secret-string file://value.txt --region eu-west-1
      ✗ the certificate arn:aws:acm:eu-west-1:123456789012:certificate/1 waits for a record in DNS: _a.shop.example.com. CNAME _v.acm-validations.aws.
          at Resources.Listener.Properties.Certificates[0].CertificateArn
          fix: add what is missing in DNS, then: aws acm wait certificate-validated --certificate-arn arn:aws:acm:eu-west-1:123456789012:certificate/1 --region eu-west-1
      ✗ the hosted zone Z1 is not there
          at Resources.Record.Properties.HostedZoneId
          fix: aws route53 list-hosted-zones, and correct the id
      ✗ there is an AWS::Logs::LogGroup named /ecs/shop already, which is not part of the stack
          at Resources.Logs.Properties.LogGroupName
          fix: take it into the stack (`aws cloudformation create-change-set --import-existing-resources`), delete it, or choose another name
    "#);
    assert!(outcome.stderr.ends_with("7 missing, 3 warnings, 0 not looked at\n"), "{outcome}");
    assert!(!format!("{outcome}").contains(CANARY), "{outcome}");
    let json = run(&["doctor", "--output", "json"], &aws);
    assert_eq!(json.code, Some(3), "{json}");
    assert!(!format!("{json}").contains(CANARY), "{json}");
    let shown: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&shown["version"], &shown["missing"]), (&json!(1), &json!(7)));
    assert_eq!(shown["groups"][2]["checks"][2]["state"], "missing");
}

#[test]
fn the_doctor_is_content_where_everything_is_there() {
    let outcome = run(&["doctor"], &aws(all_right));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert_snapshot!(outcome.stdout, @r#"
    this machine
      ! neither docker, podman nor buildah is on the PATH: images cannot be built here
          fix: install one of them, or build images in CI
      ! session-manager-plugin is not on the PATH: `exec` needs it
          fix: install it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html
      ! git is not on the PATH: `images build` takes the tag of an image from it unless `--tag` names one
          fix: install git, or name the tag
      ✓ the AWS CLI is not there, and not needed but for what begins with `aws` here
      ✓ the AWS CDK and Node.js are not needed

    AWS
      ✓ account 123456789012 in eu-west-1, as arn:aws:iam::123456789012:user/u
      ✓ credentials from the environment (AWS_ACCESS_KEY_ID), the region from --region
      ✓ the policies of arn:aws:iam::123456789012:user/u allow all 1 actions of `docuthinker --region eu-west-1 --endpoint-url [AWS] iam-policy --template shop.yaml --stack-name Shop`

    Shop
      ✓ is not deployed yet
      ✓ 0 of at most 2000 stacks are there
      ✓ the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1 is there
      ✓ the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/sidecar:v1 is there
      ✓ the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf has a value with the needed keys
      ✓ the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf has a value
      ✓ the certificate arn:aws:acm:eu-west-1:123456789012:certificate/1 is issued
      ✓ the hosted zone Z1 is there
      ✓ the name /ecs/shop (AWS::Logs::LogGroup) is free
    "#);
}

// L19
#[test]
fn a_deployment_that_would_fail_is_refused_before_anything_is_written() {
    let aws = aws(nothing_right);
    let outcome = run(&["deploy", "--no-validate"], &aws);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), ""), "{outcome}");
    assert_snapshot!(without_warning(&outcome), @r#"
    error: the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1 is for arm64, and its tasks run on amd64
      at Resources.Task.Properties.ContainerDefinitions[0].Image

    hint: docker buildx build --platform linux/amd64 --push -t 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1 .

    error: the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/sidecar:v1 is not there: eu-west-1 has no repository sidecar
      at Resources.Task.Properties.ContainerDefinitions[1].Image

    hint: aws ecr create-repository --repository-name sidecar --region eu-west-1, or deploy the stack that makes it; then push the image

    error: the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf has no key `password`
      at Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom

    hint: store the whole object again: aws secretsmanager put-secret-value --secret-id arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf --secret-string file://value.json --region eu-west-1

    error: the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf has no value
      at Resources.Task.Properties.ContainerDefinitions[1].Secrets[0].ValueFrom

    hint: aws secretsmanager put-secret-value --secret-id arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf --secret-string file://value.txt --region eu-west-1

    error: the certificate arn:aws:acm:eu-west-1:123456789012:certificate/1 waits for a record in DNS: _a.shop.example.com. CNAME _v.acm-validations.aws.
      at Resources.Listener.Properties.Certificates[0].CertificateArn

    hint: add what is missing in DNS, then: aws acm wait certificate-validated --certificate-arn arn:aws:acm:eu-west-1:123456789012:certificate/1 --region eu-west-1

    error: the hosted zone Z1 is not there
      at Resources.Record.Properties.HostedZoneId

    hint: aws route53 list-hosted-zones, and correct the id

    error: there is an AWS::Logs::LogGroup named /ecs/shop already, which is not part of the stack
      at Resources.Logs.Properties.LogGroupName

    hint: take it into the stack (`aws cloudformation create-change-set --import-existing-resources`), delete it, or choose another name

    error: Shop would fail: 7 things missing or wrong; nothing was written

    hint: put that right and run the same command again, or add `--no-preflight` to deploy all the same
    "#);
    assert!(!outcome.stderr.contains(CANARY), "{outcome}");
    let written = |action: &&String| action.starts_with("Create") || action.starts_with("Update");
    assert_eq!(aws.asked().iter().find(written), None);
}

// L20
#[test]
fn what_may_not_be_looked_at_is_told_and_stops_nothing() {
    let aws = aws(denied);
    let outcome = run(&["deploy", "--no-validate"], &aws);
    assert!(aws.asked().contains(&"CreateChangeSet".to_owned()), "{outcome}");
    assert_eq!(outcome.code, Some(1), "{outcome}");
    let stderr = without_warning(&outcome);
    let warnings = stderr.split("\nerror:").next().unwrap();
    assert_snapshot!(warnings, @r#"
    warning: could not look at the certificate arn:aws:acm:eu-west-1:123456789012:certificate/1: not allowed to do acm:DescribeCertificate

    hint: ask for the permission acm:DescribeCertificate

    warning: could not look at 2 things that Shop needs: not allowed to do cloudformation:GetResource
      also the hosted zone Z1
      also the name /ecs/shop (AWS::Logs::LogGroup)

    hint: ask for the permission cloudformation:GetResource

    warning: could not look at 2 things that Shop needs: not allowed to do ecr:BatchGetImage
      also the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1
      also the image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/sidecar:v1

    hint: ask for the permission ecr:BatchGetImage

    warning: could not look at 2 things that Shop needs: not allowed to do secretsmanager:DescribeSecret
      also the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf
      also the secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf

    hint: ask for the permission secretsmanager:DescribeSecret

    Shop: looking at the stack as it is
    Shop: asking CloudFormation what would change
    "#);
    let doctor = run(&["doctor"], &aws);
    assert_eq!(doctor.code, Some(0), "{doctor}");
    assert!(doctor.stdout.contains("? could not look at the hosted zone Z1: not allowed to do"), "{doctor}");
}

#[test]
fn without_the_pre_flight_nothing_is_looked_at() {
    let aws = aws(nothing_right);
    let outcome = run(&["deploy", "--no-validate", "--no-preflight"], &aws);
    assert!(outcome.stderr.contains("pre-flight skipped: images, secrets, certificates"), "{outcome}");
    let asked = aws.asked();
    assert!(asked.contains(&"CreateChangeSet".to_owned()), "{outcome}");
    for action in ["BatchGetImage", "DescribeSecret", "DescribeCertificate", "GetResource"] {
        assert!(!asked.contains(&action.to_owned()), "{asked:?}");
    }
}

#[test]
fn the_doctor_ends_as_missing_credentials_end() {
    let aws = StandIn::start(|_, _| {
        let (_, document) =
            xml_error("ExpiredToken", "The security token included in the request is expired");
        (403, document)
    });
    let outcome = run(&["doctor"], &aws);
    assert_eq!(outcome.code, Some(5), "{outcome}");
    let (_, told) = outcome.stdout.split_once("AWS\n").unwrap();
    assert_snapshot!(told, @"
    ✗ AWS does not accept the credentials from the environment (AWS_ACCESS_KEY_ID): The security token included in the request is expired (ExpiredToken)
        at Shop
        fix: set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or unset them to use a profile; then run the same command again
    ");
}

#[test]
fn what_a_stack_makes_is_shown_where_it_is_written() {
    let aws = aws(|action, body| match action {
        "DescribeSecret" => json_error("ResourceNotFoundException", "no"),
        _ if body["Identifier"] == "docuthinker-backend" => (200, "{}".to_owned()),
        _ => json_error("ResourceNotFoundException", "no"),
    });
    let endpoint = ["--endpoint-url", &aws.address, "--region", "us-east-1"];
    let outcome = Project::new().run(["doctor"].iter().chain(&endpoint));
    assert_eq!(outcome.code, Some(3), "{outcome}");
    let taken = "✗ there is an AWS::ECR::Repository named docuthinker-backend already, which is not part of the stack\n      at DocuThinkerFoundation/BackendRepository (stacks/src/";
    assert!(outcome.stdout.contains(taken), "{outcome}");
    let unknown = "? could not look at what it imports as DocuThinkerFoundation:AiMlRepository:Arn, ";
    assert!(outcome.stdout.contains(unknown), "{outcome}");
}

#[test]
fn a_name_that_the_failed_stack_itself_holds_is_no_reason_to_refuse() {
    let aws = StandIn::start(|action, body| match action {
        "GetCallerIdentity" => xml(
            action,
            "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>u</UserId>",
        ),
        "DescribeStacks" => xml(
            action,
            "<Stacks><member><StackName>Shop</StackName><StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop/1</StackId>\
             <StackStatus>ROLLBACK_FAILED</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks>",
        ),
        "ListStackResources" => xml(
            action,
            "<StackResourceSummaries><member><LogicalResourceId>Logs</LogicalResourceId>\
             <PhysicalResourceId>/ecs/shop</PhysicalResourceId><ResourceType>AWS::Logs::LogGroup</ResourceType>\
             <ResourceStatus>DELETE_FAILED</ResourceStatus><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp>\
             </member></StackResourceSummaries>",
        ),
        "SimulatePrincipalPolicy" => allowed(action),
        "" => (404, String::new()),
        // The certificate and the images are no matter here.
        "GetResource" => {
            (200, json!({ "ResourceDescription": { "Identifier": "x", "Properties": "{}" } }).to_string())
        }
        other => all_right(other, &serde_json::from_str(body).unwrap_or_default()),
    });
    let outcome = run(&["doctor"], &aws);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let told = "! the AWS::Logs::LogGroup /ecs/shop is left from the stack itself";
    assert!(outcome.stdout.contains(told), "{outcome}");
}

#[test]
fn a_name_that_no_stack_can_have_is_refused_before_anything_is_asked() {
    for command in ["deploy", "doctor", "diff"] {
        let project = Project::new();
        project.write("shop.yaml", SHOP);
        let outcome = project.run([command, "--template", "shop.yaml", "--stack-name", "my_shop"]);
        assert_eq!(outcome.code, Some(2), "{outcome}");
        assert!(outcome.stderr.contains("a name starts with a letter"), "{outcome}");
    }
}
