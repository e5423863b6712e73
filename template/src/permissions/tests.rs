use super::*;
use crate::facts;

const SERVICE: &str = r"
Resources:
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: shop}}
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub '${AWS::StackName}-web'
      TaskRoleArn: !GetAtt TaskRole.Arn
      ExecutionRoleArn: arn:aws:iam::111122223333:role/execution
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: shop}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: !Ref Balancer}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /ecs/shop}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/key}}
";

fn policy(text: &str, region: Option<&str>, account: Option<&str>) -> Policy {
    let template = Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template;
    deployer_policy(&[Deployment { stack: "Shop", template: &template, region, account }])
}

/// The resources on which an action is allowed.
#[track_caller]
fn on(policy: &Policy, action: &str) -> Vec<String> {
    let mut with = policy.statements.iter().filter(|statement| statement.actions.contains(action));
    let statement = with.next().unwrap_or_else(|| panic!("{action} is not allowed"));
    statement.resources.iter().cloned().collect()
}

#[test]
fn actions_are_allowed_on_what_the_template_names() {
    let policy = policy(SERVICE, Some("eu-west-1"), Some("111122223333"));
    for (action, arns) in [
        ("ecs:CreateCluster", &["arn:aws:ecs:eu-west-1:111122223333:cluster/shop"][..]),
        ("ecs:RegisterTaskDefinition", &["arn:aws:ecs:eu-west-1:111122223333:task-definition/Shop-web:*"]),
        ("iam:CreateRole", &["arn:aws:iam::111122223333:role/Shop-TaskRole-*"]),
        (
            "logs:CreateLogGroup",
            &[
                "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/shop",
                "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/shop:*",
            ],
        ),
        (
            "secretsmanager:CreateSecret",
            &["arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/key-??????"],
        ),
        (
            "elasticloadbalancing:CreateListener",
            &["arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/*"],
        ),
        ("cloudformation:DeleteStack", &["arn:aws:cloudformation:eu-west-1:111122223333:stack/Shop/*"]),
        ("ec2:DeleteVpc", &["arn:aws:ec2:eu-west-1:111122223333:vpc/*"]),
        ("ec2:DescribeVpcs", &["*"]),
    ] {
        assert_eq!(on(&policy, action), arns, "{action}");
    }
    assert_eq!(policy.notes, [""; 0]);
}

#[test]
fn what_takes_no_resource_is_kept_to_the_region() {
    let policy = policy(SERVICE, Some("eu-west-1"), None);
    for statement in policy.statements.iter().filter(|statement| statement.resources.contains("*")) {
        let text = serde_json::json!(statement.conditions).to_string();
        assert!(text.contains(r#""aws:RequestedRegion":["eu-west-1"]"#), "{statement:?}");
        assert!(statement.reason.is_some(), "{statement:?}");
    }
}

#[test]
fn only_the_roles_of_the_template_are_passed_and_only_to_whom_they_trust() {
    let policy = policy(SERVICE, Some("eu-west-1"), Some("111122223333"));
    let pass: Vec<_> = policy.statements.iter().filter(|of| of.actions.contains("iam:PassRole")).collect();
    assert_eq!(pass.len(), 1);
    assert_eq!(pass[0].sid, "PassRoleToEcsTasks");
    let roles: Vec<_> = pass[0].resources.iter().collect();
    assert_eq!(
        roles,
        ["arn:aws:iam::111122223333:role/Shop-TaskRole-*", "arn:aws:iam::111122223333:role/execution"]
    );
    let conditions = serde_json::json!(pass[0].conditions).to_string();
    assert_eq!(conditions, r#"{"StringEquals":{"iam:PassedToService":["ecs-tasks.amazonaws.com"]}}"#);
}

#[test]
fn a_role_is_passed_only_to_whom_it_trusts_in_any_branch() {
    let text = "Conditions: {C: !Equals [!Ref AWS::Region, x]}\nResources:\n  R: {Type: AWS::IAM::Role, Properties: \
                {AssumeRolePolicyDocument: {Statement: !If [C, {Principal: {Service: a.amazonaws.com}}, [{Principal: \
                {Service: [b.amazonaws.com]}}]]}}}\n  T: {Type: AWS::ECS::TaskDefinition, Properties: {TaskRoleArn: \
                !GetAtt R.Arn}}";
    let policy = policy(text, None, None);
    let pass = policy.statements.iter().find(|of| of.actions.contains("iam:PassRole")).unwrap();
    let conditions = serde_json::json!(pass.conditions).to_string();
    assert!(
        conditions.contains(r#""iam:PassedToService":["a.amazonaws.com","b.amazonaws.com"]"#),
        "{conditions}"
    );
}

#[test]
fn a_role_from_elsewhere_may_be_any() {
    let text = "Parameters: {R: {Type: String}}\nResources: {T: {Type: AWS::ECS::TaskDefinition, Properties: {TaskRoleArn: !Ref R}}}";
    assert_eq!(on(&policy(text, None, None), "iam:PassRole"), ["arn:aws:iam::*:role/*"]);
}

/// For every type there is: a statement on `*` holds only what the facts say cannot be narrowed, or do not say.
#[test]
fn nothing_is_on_everything_that_could_be_narrowed() {
    let mut seen = 0;
    for name in facts::type_names() {
        let mut template = Template::default();
        let type_name = name.to_owned();
        template.resources.insert("A".to_owned(), crate::Resource { type_name, ..Default::default() });
        let region = Some("eu-west-1");
        let policy =
            deployer_policy(&[Deployment { stack: "S", template: &template, region, account: None }]);
        for statement in policy.statements.iter().filter(|statement| statement.resources.contains("*")) {
            assert_eq!(statement.resources.len(), 1);
            for action in &statement.actions {
                let (prefix, action) = action.split_once(':').expect("an action");
                let service = facts::iam_service(prefix).expect("a service");
                let facts = service.matches(action).next().expect("an action");
                assert!(facts.arns().all(|arn| arn == "*"), "{name} {prefix}:{action}");
                seen += 1;
            }
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn a_policy_is_divided_where_it_is_too_large() {
    let policy = policy(SERVICE, Some("eu-west-1"), Some("111122223333"));
    let parts = policy.parts();
    assert!(parts.len() > 1, "{}", policy.characters());
    assert!(parts.iter().all(|part| part.characters() <= MANAGED_POLICY_CHARACTERS));
    let count = |policy: &Policy| policy.statements.iter().map(|of| of.actions.len()).sum::<usize>();
    assert_eq!(parts.iter().map(count).sum::<usize>(), count(&policy));
}

#[test]
fn the_names_of_statements_are_unique_and_have_letters_and_digits_only() {
    let policy = policy(SERVICE, Some("eu-west-1"), None);
    let mut sids: Vec<_> = policy.statements.iter().map(|statement| &statement.sid).collect();
    assert!(sids.iter().all(|sid| sid.chars().all(|c| c.is_ascii_alphanumeric())), "{sids:?}");
    let count = sids.len();
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), count);
}

#[test]
fn a_type_without_a_handler_is_told_by_the_names_of_its_actions() {
    let text = "Resources: {P: {Type: AWS::CodeBuild::Project, Properties: {Name: images}}}";
    let policy = policy(text, Some("eu-west-1"), None);
    assert_eq!(on(&policy, "codebuild:CreateProject"), ["arn:aws:codebuild:eu-west-1:*:project/images"]);
    assert_eq!(policy.notes, [""; 0]);
}

#[test]
fn a_bucket_for_templates_is_allowed_only_where_a_template_needs_it() {
    assert!(!policy(SERVICE, None, None).to_json().contains("docuthinker-templates"));
    let text = format!("Description: {}\n{SERVICE}", "x".repeat(60_000));
    let policy = policy(&text, Some("eu-west-1"), Some("111122223333"));
    let bucket = "arn:aws:s3:::docuthinker-templates-111122223333-eu-west-1/templates/*";
    assert_eq!(on(&policy, "s3:PutObject"), [bucket]);
}

#[test]
fn services_are_looked_at_only_where_a_stack_has_them() {
    let region = Some("eu-west-1");
    let bare = policy(SERVICE, region, None).to_json();
    let with_service =
        format!("{SERVICE}  Web: {{Type: AWS::ECS::Service, Properties: {{Cluster: !Ref Cluster}}}}\n");
    let full = policy(&with_service, region, None);
    for action in ["ecs:ListTasks", "ecs:DescribeTasks", "logs:GetLogEvents"] {
        assert!(!bare.contains(action), "{action}");
        assert!(!on(&full, action).contains(&"*".to_owned()), "{action}");
    }
    assert_eq!(on(&full, "ecs:DescribeTasks"), ["arn:aws:ecs:eu-west-1:*:task/*"]);
}

#[test]
fn a_deployer_may_see_what_a_deployment_needs_and_no_value_of_a_secret() {
    let of = |text: &str| policy(text, Some("eu-west-1"), Some("111122223333"));
    assert_eq!(on(&of(SERVICE), "cloudformation:GetResource"), ["*"]);
    let allows =
        |policy: &Policy, action: &str| policy.statements.iter().any(|one| one.actions.contains(action));
    let task = of("Resources: {Task: {Type: AWS::ECS::TaskDefinition}}");
    assert!(!allows(&task, "ecr:BatchGetImage") && !allows(&task, "secretsmanager:DescribeSecret"));
    assert!(!allows(&of("Resources: {Topic: {Type: AWS::SNS::Topic}}"), "ecr:BatchGetImage"));
}

#[test]
fn what_is_looked_up_by_name_may_be_looked_up() {
    let looked_up = OWN_CALLS.iter().find_map(|(action, scope)| match scope {
        Scope::Look { types, .. } if *action == "cloudformation:GetResource" => Some(*types),
        _ => None,
    });
    let looked_up = looked_up.expect("the table has it");
    for (type_name, _) in crate::requirements::FIXED_NAMES {
        assert!(looked_up.contains(&type_name) || type_name == "AWS::SecretsManager::Secret", "{type_name}");
    }
}

#[test]
fn all_of_our_own_calls_are_actions() {
    for (action, _) in OWN_CALLS {
        assert_eq!(facts::iam_action(action), facts::IamAction::Known, "{action}");
    }
}

#[test]
fn tags_are_set_and_removed_on_resources_of_the_own_type_only() {
    let policy = policy(SERVICE, Some("eu-west-1"), Some("111122223333"));
    let logs = on(&policy, "logs:CreateLogGroup");
    assert_eq!(on(&policy, "logs:TagResource"), logs);
    assert_eq!(on(&policy, "logs:UntagResource"), logs);
    assert_eq!(on(&policy, "ec2:CreateTags"), ["arn:aws:ec2:eu-west-1:111122223333:vpc/*"]);
}

#[test]
fn only_one_kind_of_load_balancer_is_meant() {
    let network = SERVICE.replace("Properties: {Name: shop}}", "Properties: {Name: shop, Type: network}}");
    let listener = "arn:aws:elasticloadbalancing:eu-west-1:*:loadbalancer/net/shop/*";
    assert_eq!(
        on(&policy(&network, Some("eu-west-1"), None), "elasticloadbalancing:CreateListener"),
        [listener]
    );
}

#[test]
fn a_service_makes_its_own_role_only() {
    let policy = policy("Resources: {C: {Type: AWS::ECS::Cluster}}", Some("cn-north-1"), None);
    assert_eq!(
        on(&policy, "iam:CreateServiceLinkedRole"),
        ["arn:aws-cn:iam::*:role/aws-service-role/ecs.amazonaws.com/*"]
    );
    assert!(
        policy.to_json().contains(r#""iam:AWSServiceName": "ecs.amazonaws.com""#),
        "{}",
        policy.to_json()
    );
}

#[test]
fn what_is_asked_of_nested_stacks_is_allowed_on_them() {
    let text = "Resources: {Data: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}}";
    let policy = policy(text, Some("eu-west-1"), Some("111122223333"));
    let stacks = ["Shop-Data-*/*", "Shop/*"]
        .map(|name| format!("arn:aws:cloudformation:eu-west-1:111122223333:stack/{name}"));
    for action in ["cloudformation:DescribeChangeSet", "cloudformation:GetTemplate"] {
        assert_eq!(on(&policy, action), stacks, "{action}");
    }
    assert_eq!(on(&policy, "cloudformation:CreateStack"), stacks[..1]);
}

/// The actions of a policy by service, but those of the command itself, and their resources together.
fn services(policy: &Policy) -> Vec<&str> {
    let actions = policy.statements.iter().flat_map(|statement| &statement.actions);
    let mut all: Vec<&str> = actions.filter_map(|action| Some(action.split_once(':')?.0)).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|service| *service != "cloudformation");
    all
}

#[test]
fn policies_are_put_only_on_whom_they_name() {
    let text = "
Parameters: {Other: {Type: String}}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: shop}}
  Unused: {Type: AWS::IAM::Role, Properties: {RoleName: unused}}
  Inline: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, Roles: [role-x, !Ref Role]}}
  Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {Users: [ann]}}
";
    let own = policy(text, None, Some("111122223333"));
    let allows =
        |policy: &Policy, action: &str| policy.statements.iter().any(|one| one.actions.contains(action));
    for action in ["iam:PutUserPolicy", "iam:PutGroupPolicy", "iam:AttachGroupPolicy"] {
        assert!(!allows(&own, action), "{action}");
    }
    let role = "arn:aws:iam::111122223333:role";
    let user = "arn:aws:iam::111122223333:user";
    assert_eq!(on(&own, "iam:AttachUserPolicy"), [format!("{user}/*/ann"), format!("{user}/ann")]);
    // The handler of the roles puts policies of their own.
    let roles = ["*/role-x", "role-x", "shop", "unused"].map(|name| format!("{role}/{name}"));
    assert_eq!(on(&own, "iam:PutRolePolicy"), roles);
    assert_eq!(on(&own, "iam:AttachRolePolicy"), [format!("{role}/shop"), format!("{role}/unused")]);
    // Of a parameter it is known that it is a role.
    let text = "
Parameters: {Other: {Type: String}}
Resources:
  Inline: {Type: AWS::IAM::RolePolicy, Properties: {PolicyName: p, RoleName: !Ref Other}}
";
    assert_eq!(on(&policy(text, None, None), "iam:PutRolePolicy"), ["arn:aws:iam::*:role/*"]);
}

#[test]
fn a_firewall_is_put_only_before_what_it_is_for() {
    let of = |resource: &str| {
        let text = format!(
            "
Parameters: {{Any: {{Type: String}}}}
Resources:
  Balancer: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {{Name: shop}}}}
  Association: {{Type: AWS::WAFv2::WebACLAssociation, Properties: {{ResourceArn: {resource}, WebACLArn: x}}}}
"
        );
        policy(&text, Some("eu-west-1"), Some("111122223333"))
    };
    let balancers = ["ec2", "elasticloadbalancing", "wafv2"];
    for resource in [
        "!Ref Balancer",
        "!Sub '${Balancer}'",
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/1",
    ] {
        let policy = of(resource);
        assert_eq!(services(&policy), balancers, "{resource}");
        let mut on = on(&policy, "wafv2:AssociateWebACL");
        on.retain(|arn| !arn.contains(":wafv2:"));
        assert_eq!(on, ["arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/*"]);
    }
    assert!(
        services(&of("!Sub 'arn:aws:apigateway:${AWS::Region}::/restapis/1/stages/live'"))
            .contains(&"apigateway")
    );
    assert!(services(&of("!Ref Any")).contains(&"appsync"));
}

#[test]
fn what_a_resource_does_not_have_is_not_allowed() {
    for (type_name, without, with) in [
        ("AWS::ApplicationAutoScaling::ScalableTarget", "ServiceNamespace: ecs", "ServiceNamespace: lambda"),
        ("AWS::EC2::VPCEndpoint", "ServiceName: x", "ServiceNetworkArn: x"),
        ("AWS::Logs::LogGroup", "RetentionInDays: 1", "DataProtectionPolicy: {}"),
        ("AWS::S3::Bucket", "BucketName: x", "MetadataConfiguration: {}"),
        ("AWS::WAFv2::WebACL", "Scope: REGIONAL", "MonetizationConfig: {}"),
        (
            "AWS::ElasticLoadBalancingV2::Listener",
            "DefaultActions: [{Type: forward}]",
            "DefaultActions: [{Type: authenticate-cognito, AuthenticateCognitoConfig: {UserPoolArn: x}}]",
        ),
        (
            "AWS::WAFv2::LoggingConfiguration",
            "LogDestinationConfigs: ['arn:aws:logs:eu-west-1:111122223333:log-group:aws-waf-logs-x']",
            "LogDestinationConfigs: [!ImportValue logs]",
        ),
    ] {
        let of = |properties: &str| {
            let text = format!("Resources: {{A: {{Type: '{type_name}', Properties: {{{properties}}}}}}}");
            policy(&text, Some("eu-west-1"), None)
        };
        assert!(services(&of(without)).len() < services(&of(with)).len(), "{type_name}");
        let open = "Fn::Transform: {Name: Any}";
        assert!(services(&of(open)).len() >= services(&of(with)).len(), "{type_name}");
    }
}

#[test]
fn a_custom_resource_calls_its_own_provider() {
    let of = |token: &str| {
        let text = format!(
            "
Parameters: {{Any: {{Type: String}}}}
Resources:
  Function: {{Type: AWS::Lambda::Function, Properties: {{FunctionName: seed}}}}
  Other: {{Type: AWS::Lambda::Function, Properties: {{FunctionName: other}}}}
  Seed: {{Type: Custom::Seed, Properties: {{ServiceToken: {token}}}}}
"
        );
        policy(&text, Some("eu-west-1"), Some("111122223333"))
    };
    let function = "arn:aws:lambda:eu-west-1:111122223333:function";
    let written = format!("{function}:seed-db");
    assert_eq!(on(&of(&written), "lambda:InvokeFunction"), [written.as_str()]);
    let own = [format!("{function}:seed"), format!("{function}:seed:*")];
    assert_eq!(on(&of("!GetAtt Function.Arn"), "lambda:InvokeFunction"), own);
    assert_eq!(on(&of("!Ref Any"), "lambda:InvokeFunction"), [format!("{function}:*")]);
    let topic = "arn:aws:sns:eu-west-1:111122223333:seed";
    assert_eq!(on(&of(topic), "sns:Publish"), [topic]);
}

#[test]
fn what_is_in_another_template_is_told() {
    let text = "Resources: {Data: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}, Part: {Type: My::Own::Part::MODULE}}";
    assert_eq!(
        policy(text, None, None).notes,
        [
            "Shop: the resources of the module `Part` are not seen here; add what they need by hand",
            "Shop: the resources of the nested stack `Data` are not seen here; add the policy of its template, which \
             `iam-policy --template` prints",
        ]
    );
}

/// Two stacks: the first makes a repository and a secret, which the second imports.
#[test]
fn what_is_looked_at_is_what_the_templates_name() {
    let first = "
Resources:
  Repository: {Type: AWS::ECR::Repository, Properties: {RepositoryName: shop/web}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/key}}
Outputs:
  Uri: {Value: !GetAtt Repository.RepositoryUri, Export: {Name: !Sub '${AWS::StackName}-uri'}}
  Key: {Value: !Ref Secret, Export: {Name: First-key}}
";
    let second = "
Parameters: {Certificate: {Type: String}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {Name: a, Image: !Sub ['${Uri}:v1', {Uri: !ImportValue First-uri}], Secrets: [{Name: K, ValueFrom: !ImportValue First-key}]}
        - {Name: b, Image: !Sub '${AWS::AccountId}.dkr.ecr.eu-north-1.${AWS::URLSuffix}/tool@sha256:0'}
        - Name: c
          Image: nginx:1.29
          Secrets:
            - {Name: A, ValueFrom: !Sub 'arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db-AbCdEf:password::'}
            - {Name: B, ValueFrom: !Sub 'arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/x'}
  Database: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: '{{resolve:secretsmanager:db-admin:SecretString:p}}'}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {Certificates: [{CertificateArn: !Ref Certificate}]}}
  Cdn:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig: {ViewerCertificate: {AcmCertificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/1'}}
";
    let read =
        |text: &str| Template::parse(text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template;
    let (first, second) = (read(first), read(second));
    let deployment = |stack, template| Deployment {
        stack,
        template,
        region: Some("eu-west-1"),
        account: Some("111122223333"),
    };
    let both = deployer_policy(&[deployment("First", &first), deployment("Second", &second)]);
    assert_eq!(
        on(&both, "ecr:BatchGetImage"),
        [
            "arn:aws:ecr:eu-north-1:111122223333:repository/tool",
            "arn:aws:ecr:eu-west-1:111122223333:repository/shop/web",
        ]
    );
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret";
    let secrets = ["db-AbCdEf", "db-admin-??????", "shop/key-??????"].map(|name| format!("{secret}:{name}"));
    assert_eq!(on(&both, "secretsmanager:ListSecretVersionIds"), secrets);
    assert_eq!(
        on(&both, "acm:DescribeCertificate"),
        [
            "arn:aws:acm:eu-west-1:111122223333:certificate/*",
            "arn:aws:acm:us-east-1:111122223333:certificate/1",
        ]
    );
    // Alone, nothing is known of what it imports.
    let alone = deployer_policy(&[deployment("Second", &second)]);
    assert_eq!(on(&alone, "ecr:BatchGetImage"), ["arn:aws:ecr:*:*:repository/*"]);
    assert_eq!(on(&alone, "secretsmanager:ListSecretVersionIds"), [format!("{secret}:*")]);
}
