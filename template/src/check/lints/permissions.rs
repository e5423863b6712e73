//! What policies of roles and users allow: too much, or what does not exist.

use crate::check::lint::{Findings, Lint};
use crate::check::rule::rule;
use crate::facts::{self, IamAction};
use crate::model::iam::{PolicyKind, Statement, action_matches};
use crate::model::{Model, Text, Value};

pub(super) static LINTS: &[Lint] = &[
    Lint { rule: &WIDE_READ, check: wide_read },
    Lint { rule: &WIDE_PASS, check: wide_pass },
    Lint { rule: &ADMINISTRATOR, check: administrator },
    Lint { rule: &NO_ACTION, check: no_action },
];

rule! {
    /// A permission on everything that should be on one thing.
    ///
    /// Reading secrets, decrypting, or assuming roles on `*` is the right to all secrets, keys and roles of the account:
    /// whoever gets into one container gets all of them. `…:secret:*` and `…:parameter/*` are every secret as well.
    ///
    /// Name the resources: `!Ref Secret`, `!GetAtt Key.Arn`, `!GetAtt Role.Arn`. Where that cannot be, a `Condition` such
    /// as `kms:ViaService` narrows it.
    ///
    /// Source: [Grant least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege).
    pub(super) WIDE_READ = "DT119" Warning;
}

rule! {
    /// The right to hand any role to a service.
    ///
    /// `iam:PassRole` on `*` lets its holder start a task, a function or an instance with the strongest role of the
    /// account, and act as that role.
    ///
    /// Name the roles that may be passed, or say with the condition `iam:PassedToService` to which service.
    ///
    /// Source: [Granting a user permissions to pass a role](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
    pub(super) WIDE_PASS = "DT120" Warning;
}

rule! {
    /// A policy that allows everything.
    ///
    /// `Action: "*"` on `Resource: "*"` (as in `AdministratorAccess`) makes whoever has the policy an administrator of the
    /// account, who can also give rights to others.
    ///
    /// Allow the actions that are needed.
    ///
    /// Source: [Grant least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege).
    pub(super) ADMINISTRATOR = "DT121" Warning;
}

rule! {
    /// An action that does not exist.
    ///
    /// IAM takes any name in a policy; one that no service has allows nothing. The call that was meant ends with
    /// `AccessDenied`. The names of permissions and of API calls are not always the same: `ListObjects` needs
    /// `s3:ListBucket`.
    ///
    /// Write the name as the service authorization reference has it.
    ///
    /// Source: [Actions, resources, and condition keys](https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
    pub(super) NO_ACTION = "DT138" Warning;
}

/// Tells `look` of every statement that allows something to a role, user or group.
pub(super) fn each_allowed<'m>(model: &'m Model<'m>, mut look: impl FnMut(&Statement<'m>)) {
    for policy in model.policies().iter().filter(|policy| policy.kind == PolicyKind::Identity) {
        policy.statements().iter().filter(|statement| statement.allows()).for_each(&mut look);
    }
}

/// Where a statement says that it is for every resource.
fn every_resource<'m>(statement: &Statement<'m>) -> Option<Value<'m>> {
    statement.known("Resource").into_iter().find(|resource| resource.is_text("*"))
}

/// Where the statement allows all of a kind, every secret or every parameter of the account, and the prefix of the
/// actions that this is for.
fn every_secret<'m>(statement: &Statement<'m>) -> Option<(Value<'m>, &'static str)> {
    const KINDS: [(&str, &str); 2] = [("secretsmanager:", ":secret:*"), ("ssm:", ":parameter/*")];
    statement.known("Resource").into_iter().find_map(|resource| {
        let texts = resource.texts();
        let all = |text: &Text<'_>, service: &str, end: &str| {
            text.to_string().contains(&format!(":{service}")) && text.end().ends_with(end)
        };
        let is_all = |(service, end): &&(&str, &str)| texts.iter().any(|text| all(text, service, end));
        let (service, _) = KINDS.iter().find(is_all)?;
        Some((resource, *service))
    })
}

fn wide_read(model: &Model<'_>, found: &mut Findings) {
    const ACTIONS: [&str; 7] = [
        "secretsmanager:GetSecretValue",
        "secretsmanager:BatchGetSecretValue",
        "kms:Decrypt",
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:GetParametersByPath",
        "sts:AssumeRole",
    ];
    each_allowed(model, |statement| {
        let everything = every_resource(statement).map(|resource| (resource, ""));
        let everything = everything.or_else(|| every_secret(statement));
        let Some((everything, service)) = everything.filter(|_| !statement.has_condition()) else { return };
        let every = if everything.is_text("*") { "resource" } else { "secret" };
        let actions = statement.actions();
        let wide = actions.iter().find(|(action, _)| {
            // The other rule tells of `*`.
            action != "*"
                && ACTIONS.iter().any(|known| known.starts_with(service) && action_matches(action, known))
        });
        // A list of secrets cannot be narrowed, and `BatchGetSecretValue` needs it beside a right to each secret.
        if let Some((action, _)) = wide.filter(|(action, _)| action != ACTIONS[1]) {
            found
                .at(&everything, format!("`{action}` is allowed on every {every} of the account"))
                .hint("name the resources that it is needed for");
        }
    });
}

fn wide_pass(model: &Model<'_>, found: &mut Findings) {
    each_allowed(model, |statement| {
        let Some(everything) = every_resource(statement).filter(|_| !statement.has_condition()) else {
            return;
        };
        if statement
            .actions()
            .iter()
            .any(|(action, _)| action != "*" && action_matches(action, "iam:PassRole"))
        {
            found
                .at(&everything, "`iam:PassRole` is allowed for every role of the account")
                .hint("name the roles, or add the condition `iam:PassedToService`");
        }
    });
}

fn administrator(model: &Model<'_>, found: &mut Findings) {
    each_allowed(model, |statement| {
        let all = statement.actions().into_iter().find(|(action, _)| matches!(action.as_str(), "*" | "*:*"));
        if let Some((_, place)) = all
            && every_resource(statement).is_some()
            && !statement.has_condition()
        {
            found
                .at(&place, "every action on every resource is allowed")
                .hint("allow the actions that are needed");
        }
    });
    for item in
        ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"].iter().flat_map(|name| model.of_type(name))
    {
        let lists = item.get("ManagedPolicyArns");
        for policy in lists.iter().filter_map(Value::items).flatten() {
            if policy.texts().iter().any(|text| text.end().ends_with(":aws:policy/AdministratorAccess")) {
                found
                    .at(&policy, format!("`AdministratorAccess` allows `{}` everything", item.id()))
                    .hint("allow the actions that are needed");
            }
        }
    }
}

fn no_action(model: &Model<'_>, found: &mut Findings) {
    for policy in model.policies() {
        for statement in policy.statements() {
            let more =
                statement.known("NotAction").into_iter().filter_map(|value| Some((value.text()?, value)));
            for (action, place) in statement.actions().into_iter().chain(more) {
                // The default policy of topics has this one, which is not in the reference.
                if action.eq_ignore_ascii_case("sns:Receive") {
                    continue;
                }
                let (message, near) = match facts::iam_action(&action) {
                    // The form of an action is checked elsewhere.
                    IamAction::Known | IamAction::Malformed => continue,
                    IamAction::UnknownService(near) => {
                        (format!("there is no action `{action}`: no such service"), near.map(str::to_owned))
                    }
                    IamAction::UnknownAction(near) => (format!("there is no action `{action}`"), near),
                };
                let finding = found.at(&place, message);
                if let Some(near) = near {
                    finding.hint(format!("did you mean `{near}`?"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::lints::testing::found;

    #[test]
    fn every_secret_is_as_much_as_every_resource() {
        let policy = |statement: &str| {
            let document = format!("{{Version: '2012-10-17', Statement: [{{Effect: Allow, {statement}}}]}}");
            let policy = format!("{{PolicyName: p, Roles: [r], PolicyDocument: {document}}}");
            let all = found(
                "DT119",
                &format!("Resources: {{P: {{Type: 'AWS::IAM::Policy', Properties: {policy}}}}}"),
            );
            all.split(" at ").next().unwrap_or_default().to_owned()
        };
        let read = |end: &str| {
            policy(&format!(
                "Action: secretsmanager:GetSecretValue, Resource: !Sub 'arn:aws:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{end}'"
            ))
        };
        let wide = "`secretsmanager:GetSecretValue` is allowed on every secret of the account";
        assert_eq!(read("*"), wide);
        assert_eq!(read("app/*"), "");
        assert_eq!(read("app/key-??????"), "");
        assert!(
            policy("Action: 'ssm:Get*', Resource: 'arn:aws:ssm:eu-west-1:1:parameter/*'")
                .contains("every secret")
        );
        let both = "['arn:aws:kms:eu-west-1:1:key/a', 'arn:aws:ssm:eu-west-1:1:parameter/*']";
        assert_eq!(
            policy(&format!("Action: ['kms:Decrypt', 'ssm:AddTagsToResource'], Resource: {both}")),
            ""
        );
        assert_eq!(policy("Action: 'ssm:Put*', Resource: 'arn:aws:ssm:eu-west-1:1:parameter/*'"), "");
    }
}
