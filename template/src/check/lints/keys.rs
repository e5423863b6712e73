//! Keys of KMS: whether those who need them may use them.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::model::iam::{Policy, PolicyKind, Statement};
use crate::model::{Item, Model, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &UNMANAGEABLE, check: unmanageable },
    Lint { rule: &LOGS_KEY, check: logs_key },
    Lint { rule: &ALARM_KEY, check: alarm_key },
];

rule! {
    /// A key that nobody can manage.
    ///
    /// No statement of the key's policy allows `kms:PutKeyPolicy`, so nobody could ever change the policy again. KMS
    /// refuses to make such a key: `MalformedPolicyDocument`, the new key policy will not allow you to update the key
    /// policy in the future.
    ///
    /// Allow `kms:*` on `*` to the account, `arn:aws:iam::ACCOUNT:root`, as the default policy does.
    ///
    /// Source: [Default key policy](https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html).
    pub(super) UNMANAGEABLE = "DT129" Error;
}

rule! {
    /// A key that CloudWatch Logs may not use for a log group.
    ///
    /// CloudWatch Logs encrypts with its own principal, not with the rights of whoever writes the log. If the key's policy
    /// does not let `logs.REGION.amazonaws.com` in, the log group cannot be made: the specified KMS key does not exist
    /// or is not allowed to be used.
    ///
    /// Allow `kms:Encrypt*`, `kms:Decrypt*`, `kms:ReEncrypt*`, `kms:GenerateDataKey*` and `kms:Describe*` to
    /// `Service: logs.REGION.amazonaws.com` in the key's policy.
    ///
    /// Source: [Encrypt log data](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
    pub(super) LOGS_KEY = "DT130" Error;
}

rule! {
    /// An alarm that cannot publish to its encrypted topic.
    ///
    /// CloudWatch encrypts the message with the topic's key. The key `alias/aws/sns` does not let it, and a key of one's
    /// own only if its policy says so: the alarm goes off, and nobody hears of it. Only the alarm's history shows the
    /// error.
    ///
    /// Use a key of one's own, whose policy allows `kms:Decrypt` and `kms:GenerateDataKey*` to
    /// `Service: cloudwatch.amazonaws.com`, or no key.
    ///
    /// Source: [Encrypted topics and event sources of AWS services](https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services).
    pub(super) ALARM_KEY = "DT131" Error;
}

/// The statements of a key's policies that allow something; `None` if not all are known.
fn allowed(key: Item<'_>) -> Option<Vec<Statement<'_>>> {
    let mut all = Vec::new();
    for document in key.get("KeyPolicy") {
        if !document.is_mapping() {
            return document.is_absent().then(Vec::new);
        }
        for list in document.get("Statement") {
            if list.items()?.iter().any(|statement| !statement.is_mapping()) {
                return None;
            }
        }
        all.extend(Policy { item: key, kind: PolicyKind::Resource, document }.statements());
    }
    all.retain(Statement::allows);
    Some(all)
}

/// Whether the statement is about one of the actions, or its actions are not all known.
fn may_have(statement: &Statement<'_>, actions: &[&str]) -> bool {
    let texts = statement.list("Action").map(|list| list.iter().map(Value::text).collect::<Vec<_>>());
    let is_known = texts.is_some_and(|texts| !texts.is_empty() && texts.iter().all(Option::is_some));
    !is_known || actions.iter().any(|action| statement.has_action(action))
}

fn unmanageable(model: &Model<'_>, found: &mut Findings) {
    for key in model.of_type("AWS::KMS::Key") {
        let policies = key.get("KeyPolicy");
        let bypasses = key.get("BypassPolicyLockoutSafetyCheck");
        if policies.iter().any(|policy| !policy.is_mapping())
            || bypasses.iter().any(|bypass| !bypass.is_absent())
        {
            continue;
        }
        let Some(statements) = allowed(key) else { continue };
        let manages = |statement: &Statement<'_>| may_have(statement, &["kms:PutKeyPolicy"]);
        if let Some(policy) = policies.first().filter(|_| !statements.iter().any(manages)) {
            found
                .at(policy, format!("nobody may change the policy of the key `{}`", key.id()))
                .hint("allow `kms:*` on `*` to the account, `!Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root`");
        }
    }
}

/// Whether the key's policy certainly keeps the service from what it needs.
fn keeps_out(key: Item<'_>, service: &str, actions: &[&str]) -> bool {
    let Some(statements) = allowed(key) else { return false };
    let lets =
        |statement: &Statement<'_>| statement.may_be_for_service(service) && may_have(statement, actions);
    !statements.iter().any(lets)
}

/// The key of the template that the value is.
fn key<'m>(value: &Value<'m>) -> Option<Item<'m>> {
    let item = value.target()?.item;
    if item.is("AWS::KMS::Key") {
        return Some(item);
    }
    let [target]: [Value<'m>; 1] =
        item.get("TargetKeyId").try_into().ok().filter(|_| item.is("AWS::KMS::Alias"))?;
    target.target().map(|target| target.item).filter(|item| item.is("AWS::KMS::Key"))
}

fn logs_key(model: &Model<'_>, found: &mut Findings) {
    for group in model.of_type("AWS::Logs::LogGroup") {
        for value in group.get("KmsKeyId") {
            let Some(key) = key(&value) else { continue };
            if keeps_out(key, "logs", &["kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*"]) {
                found
                    .at(
                        &value,
                        format!("the policy of the key `{}` does not let CloudWatch Logs use it", key.id()),
                    )
                    .hint("allow it to `Service: !Sub logs.${AWS::Region}.amazonaws.com`");
            }
        }
    }
}

fn alarm_key(model: &Model<'_>, found: &mut Findings) {
    let alarms = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
    for alarm in alarms.iter().flat_map(|type_name| model.of_type(type_name)) {
        for property in ["AlarmActions", "OKActions", "InsufficientDataActions"] {
            let lists = alarm.get(property);
            for action in lists.iter().filter_map(Value::items).flatten() {
                let topic = action.target().map(|target| target.item);
                let Some(topic) = topic.filter(|topic| topic.is("AWS::SNS::Topic")) else { continue };
                let keys = topic.get("KmsMasterKeyId");
                for value in keys.iter().filter(|key| key.world().meets(action.world())) {
                    check_topic(topic, value, found);
                }
            }
        }
    }
}

fn check_topic(topic: Item<'_>, value: &Value<'_>, found: &mut Findings) {
    let is_default = value.texts().iter().any(|text| text.end().ends_with("alias/aws/sns"));
    if is_default {
        found
            .at(
                value,
                format!(
                    "alarms cannot publish to `{}`: its key `alias/aws/sns` does not let them",
                    topic.id()
                ),
            )
            .hint("use a key of your own that lets `cloudwatch.amazonaws.com` in, or none");
    } else if let Some(key) = key(value)
        && keeps_out(key, "cloudwatch", &["kms:GenerateDataKey", "kms:GenerateDataKey*"])
    {
        found
            .at(
                value,
                format!(
                    "alarms cannot publish to `{}`: its key `{}` does not let them",
                    topic.id(),
                    key.id()
                ),
            )
            .hint("allow `kms:Decrypt` and `kms:GenerateDataKey*` to `Service: cloudwatch.amazonaws.com`");
    }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::codes;

    /// A log group with a key that has this statement beside the one for the account.
    fn logs(statement: &str) -> Vec<String> {
        let text = format!(
            "
Parameters: {{Given: {{Type: String}}}}
Outputs: {{Given: {{Value: !Ref Given}}}}
Resources:
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Principal: {{AWS: !Sub 'arn:aws:iam::${{AWS::AccountId}}:root'}}, Action: 'kms:*', Resource: '*'}}
          - {statement}
  Logs: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: 7, KmsKeyId: !GetAtt Key.Arn}}}}
"
        );
        codes(&text)
    }

    #[test]
    fn a_service_is_let_in_by_its_name_in_any_region() {
        let to = |principal: &str, action: &str| {
            logs(&format!("{{Effect: Allow, Principal: {principal}, Action: {action}, Resource: '*'}}"))
        };
        let all = "['kms:Encrypt*', 'kms:Decrypt*', 'kms:GenerateDataKey*']";
        assert_eq!(to("{Service: !Sub 'logs.${AWS::Region}.amazonaws.com'}", all), [""; 0]);
        assert_eq!(to("{Service: [logs.eu-west-1.amazonaws.com]}", "'kms:*'"), [""; 0]);
        assert_eq!(to("{Service: !Ref Given}", all), [""; 0]);
        assert_eq!(to("{Service: !Sub '${Given}.amazonaws.com'}", all), [""; 0]);
        assert_eq!(to("{Service: logs.amazonaws.com}", "'kms:Describe*'"), ["DT130"]);
        assert_eq!(to("{Service: !Sub 'sns.${AWS::Region}.amazonaws.com'}", all), ["DT130"]);
    }

    #[test]
    fn a_key_without_a_policy_has_the_default_one() {
        let text = "
Resources:
  Key: {Type: AWS::KMS::Key, DeletionPolicy: Delete}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/app, TargetKeyId: !Ref Key}}
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !Ref Alias}}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
      Namespace: AWS/ECS
      MetricName: CPUUtilization
      Statistic: Average
      Period: 60
      Threshold: 80
      AlarmActions: [!Ref Topic]
";
        assert_eq!(codes(text).into_iter().filter(|code| code == "DT131").count(), 1);
    }
}
