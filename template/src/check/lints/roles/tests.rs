use crate::check::lints::testing::{codes, found};

/// A task whose container reads `secret`, with an execution role that has `statement`.
fn task(secret: &str, statement: &str) -> Vec<String> {
    named(secret, statement, "", "")
}

/// The same with `more` properties of the role, and with `outputs`.
fn named(secret: &str, statement: &str, more: &str, outputs: &str) -> Vec<String> {
    let text = format!(
            "
Parameters: {{Given: {{Type: String}}, Stage: {{Type: String, Default: prod}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Resources:
  Secret: {{Type: AWS::SecretsManager::Secret, DeletionPolicy: Delete, Properties: {{GenerateSecretString: {{}}}}}}
  Other: {{Type: AWS::SecretsManager::Secret, DeletionPolicy: Delete, Properties: {{GenerateSecretString: {{}}}}}}
  Named: {{Type: AWS::SecretsManager::Secret, DeletionPolicy: Delete, Properties: {{Name: app/key, GenerateSecretString: {{}}}}}}
  Option: {{Type: AWS::SSM::Parameter, Properties: {{Type: String, Name: /app/option, Value: !Ref Given}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:{more}
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: sts:AssumeRole}}]
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: Read
      Roles: [!Ref Role]
      PolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow, {statement}}}]}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {{Name: web, Image: 'web:1', Memory: 64, Secrets: [{{Name: KEY, ValueFrom: {secret}}}]}}
{outputs}"
        );
    codes(&text).into_iter().filter(|code| code == "DT115").collect()
}

/// A task on Fargate with an image of a repository that has `policy`, and a role that may do `action`.
fn image(policy: &str, action: &str) -> String {
    let text = format!(
            "
Parameters: {{Stage: {{Type: String}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Resources:
  Repository: {{Type: AWS::ECR::Repository, Properties: {{RepositoryPolicyText: {policy}}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: sts:AssumeRole}}]
      Policies:
        - PolicyName: Pull
          PolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: {action}, Resource: '*'}}]}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{{Name: web, Image: !Sub '${{Repository.RepositoryUri}}:1'}}]
"
        );
    let all = found("DT116", &text);
    let actions = all.lines().filter_map(|line| line.split('`').nth(3));
    actions.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_policy_of_a_repository_may_let_the_role_pull() {
    let policy = "{Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: 'ecr:BatchGetImage'}]}";
    let none = "!Ref AWS::NoValue";
    assert_eq!(image(none, "'logs:*'"), "ecr:GetAuthorizationToken ecr:BatchGetImage");
    assert_eq!(image(none, "ecr:GetAuthorizationToken"), "ecr:BatchGetImage");
    assert_eq!(image(policy, "ecr:GetAuthorizationToken"), "");
    assert_eq!(image(policy, "'logs:*'"), "ecr:GetAuthorizationToken");
    let some = format!("!If [IsProd, {policy}, {none}]");
    assert_eq!(image(&some, "ecr:GetAuthorizationToken"), "");
}

#[test]
fn the_role_must_be_allowed_exactly_this_secret() {
    let read = "Action: secretsmanager:GetSecretValue, Resource:";
    assert_eq!(task("!Ref Secret", &format!("{read} !Ref Secret")), [""; 0]);
    assert_eq!(task("!Ref Secret", &format!("{read} '*'")), [""; 0]);
    assert_eq!(task("!Sub '${Secret}:key::'", &format!("{read} !Ref Secret")), [""; 0]);
    assert_eq!(task("!Ref Secret", &format!("{read} !Ref Other")), ["DT115"]);
    assert_eq!(task("!Ref Secret", "Action: 'secretsmanager:Describe*', Resource: '*'"), ["DT115"]);
    assert_eq!(task("!Ref Secret", "Action: 'SecretsManager:Get*', Resource: '*'"), [""; 0]);
}

#[test]
fn what_another_stack_keeps_must_be_readable_too() {
    let import = "!ImportValue secret";
    assert_eq!(task(import, "Action: 'logs:*', Resource: '*'"), ["DT115"]);
    assert_eq!(task("!Ref Given", "Action: 'logs:*', Resource: '*'"), ["DT115"]);
    assert_eq!(task(import, "Action: secretsmanager:GetSecretValue, Resource: !Ref Given"), [""; 0]);
    assert_eq!(task(import, "Action: secretsmanager:GetSecretValue, Resource: !Ref Other"), [""; 0]);
    assert_eq!(task(import, "Action: ssm:GetParameters, Resource: '*'"), [""; 0]);
    assert_eq!(task(import, "Action: !Ref Given, Resource: '*'"), [""; 0]);
}

#[test]
fn the_policy_of_a_secret_elsewhere_may_name_a_role_that_is_known_there() {
    const NAME: &str = "\n      RoleName: web";
    let export = "Outputs: {Role: {Value: !GetAtt Role.Arn, Export: {Name: role}}}\n";
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf";
    let none = "Action: 'logs:*', Resource: '*'";
    for elsewhere in ["!ImportValue secret", "!Ref Given", arn] {
        assert_eq!(named(elsewhere, none, "", ""), ["DT115"], "{elsewhere}");
        assert_eq!(named(elsewhere, none, NAME, ""), [""; 0], "{elsewhere}");
        assert_eq!(named(elsewhere, none, "", export), [""; 0], "{elsewhere}");
    }
    assert_eq!(named("!Ref Secret", none, NAME, ""), ["DT115"]);
    assert_eq!(named("!Sub '${Secret}:key::'", none, NAME, ""), ["DT115"]);
}

#[test]
fn arns_are_compared_with_their_wildcards() {
    let read = "Action: secretsmanager:GetSecretValue, Resource:";
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret";
    assert_eq!(task(&format!("'{arn}:a-AbCdEf'"), &format!("{read} '{arn}:a-??????'")), [""; 0]);
    assert_eq!(task(&format!("'{arn}:a-AbCdEf:key::'"), &format!("{read} '{arn}:a-AbCdEf'")), [""; 0]);
    assert_eq!(task(&format!("'{arn}:a-AbCdEf'"), &format!("{read} '{arn}:b-??????'")), ["DT115"]);
    // Its name is not known, so it may be this one.
    assert_eq!(task("!Ref Secret", &format!("{read} '{arn}:b-??????'")), [""; 0]);
    assert_eq!(task("!Ref Named", &format!("{read} '{arn}:b-??????'")), ["DT115"]);
    assert_eq!(task("!Ref Named", &format!("{read} '{arn}:app/key-??????'")), [""; 0]);
    assert_eq!(task("!Ref Named", &format!("{read} '{arn}:app/*'")), [""; 0]);
    assert_eq!(task("!Sub '${Named}:key::'", &format!("{read} !Ref Named")), [""; 0]);
    assert_eq!(task("!Ref Secret", &format!("{read} !Ref Given")), [""; 0]);
}

#[test]
fn parameters_of_systems_manager_have_an_action_of_their_own() {
    let read = "Action: ssm:GetParameters, Resource:";
    let arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter";
    assert_eq!(task("!Ref Option", &format!("{read} !Sub '{arn}/app/*'")), [""; 0]);
    assert_eq!(task("!Ref Option", &format!("{read} !Sub '{arn}/${{Option}}'")), [""; 0]);
    assert_eq!(task("!Ref Option", "Action: secretsmanager:GetSecretValue, Resource: '*'"), ["DT115"]);
}

#[test]
fn a_parameter_may_be_named_without_its_arn() {
    let read = "Action: ssm:GetParameters, Resource:";
    assert_eq!(
        task("app/openai", &format!("{read} 'arn:aws:ssm:eu-west-1:123456789012:parameter/app/*'")),
        [""; 0]
    );
    assert_eq!(task("openai", "Action: 'ssm:*', Resource: '*'"), [""; 0]);
    assert_eq!(task("app/openai", "Action: secretsmanager:GetSecretValue, Resource: '*'"), ["DT115"]);
    assert_eq!(
        task("/app/openai", &format!("{read} 'arn:aws:ssm:eu-west-1:123456789012:parameter/web/*'")),
        ["DT115"]
    );
}

#[test]
fn what_is_denied_is_not_allowed() {
    let read = |more: &str| {
        let deny = format!("Action: secretsmanager:GetSecretValue, Resource: '*'}}, {{Effect: Deny, {more}");
        task("!Ref Secret", &deny)
    };
    assert_eq!(read("Action: 'secretsmanager:*', Resource: '*'"), ["DT115"]);
    assert_eq!(read("Action: 'secretsmanager:Get*', Resource: !Ref Secret"), ["DT115"]);
    assert_eq!(read("Action: 'secretsmanager:Get*', Resource: !Ref Other"), [""; 0]);
    assert_eq!(read("Action: 'secretsmanager:Put*', Resource: '*'"), [""; 0]);
    assert_eq!(read("NotAction: 's3:*', Resource: '*'"), [""; 0]);
    let condition = "Condition: {StringNotEquals: {'aws:RequestedRegion': eu-west-1}}";
    assert_eq!(read(&format!("Action: '*', Resource: '*', {condition}")), [""; 0]);
}

#[test]
fn a_policy_is_there_in_every_case() {
    let read = "Action: secretsmanager:GetSecretValue, Resource:";
    let some = format!("{read} !If [IsProd, !Ref Secret, !Ref Other]");
    assert_eq!(task("!If [IsProd, !Ref Secret, !Ref Other]", &some), [""; 0]);
    let policies = |condition: &str| {
        let policy = "{PolicyName: r, PolicyDocument: {Statement: [{Effect: Allow, Action: 'secretsmanager:*', Resource: '*'}]}}";
        let more = format!("\n      Policies: !If [{condition}, [{policy}], !Ref AWS::NoValue]");
        named("!Ref Secret", "Action: 'logs:*', Resource: '*'", &more, "")
    };
    assert_eq!(policies("IsProd"), ["DT115"]);
    let own = "!If [IsProd, !Ref Secret, !Ref AWS::NoValue]";
    let more = "\n      Policies: !If [IsProd, [{PolicyName: r, PolicyDocument: {Statement: [{Effect: Allow, Action: 'secretsmanager:*', Resource: '*'}]}}], !Ref AWS::NoValue]";
    assert_eq!(named(own, "Action: 'logs:*', Resource: '*'", more, ""), [""; 0]);
}
