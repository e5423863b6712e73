//! The policy of `iam-policy`, held against what the command calls.

use std::collections::BTreeSet;
use std::path::Path;

use template::permissions::OWN_CALLS;

use crate::project::Project;

const TOPIC: &str =
    "Resources: {Topic: {Type: AWS::SNS::TopicPolicy, Properties: {PolicyDocument: {}, Topics: []}}}\n";

#[test]
fn a_template_from_a_file_has_a_policy_that_can_be_pasted() {
    let project = Project::new();
    project.write("topic.yaml", TOPIC);
    let run = project.run(["iam-policy", "--template", "topic.yaml", "--stack-name", "Alarms", "--explain"]);
    insta::assert_snapshot!(run, @r#"
    exit: 0
    --- stdout ---
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "Cloudformation",
          "Effect": "Allow",
          "Action": [
            "cloudformation:BatchDescribeTypeConfigurations",
            "cloudformation:DescribeAccountLimits",
            "cloudformation:DescribeStackDriftDetectionStatus",
            "cloudformation:GetHookResult",
            "cloudformation:ListExports",
            "cloudformation:ListImports",
            "cloudformation:ListStacks"
          ],
          "Resource": "*"
        },
        {
          "Sid": "Cloudformation2",
          "Effect": "Allow",
          "Action": [
            "cloudformation:CancelUpdateStack",
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeEvents",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DescribeStacks",
            "cloudformation:DetectStackDrift",
            "cloudformation:DetectStackResourceDrift",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetStackPolicy",
            "cloudformation:GetTemplate",
            "cloudformation:ListChangeSets",
            "cloudformation:ListHookResults",
            "cloudformation:ListStackResources",
            "cloudformation:RollbackStack",
            "cloudformation:TagResource",
            "cloudformation:UntagResource",
            "cloudformation:UpdateTerminationProtection"
          ],
          "Resource": "arn:aws:cloudformation:*:*:stack/Alarms/*"
        },
        {
          "Sid": "Sns",
          "Effect": "Allow",
          "Action": "sns:SetTopicAttributes",
          "Resource": "arn:aws:sns:*:*:*"
        }
      ]
    }
    --- stderr ---
    Cloudformation is for all resources: these actions take no resource
    "#);
}

#[test]
fn a_policy_that_is_too_large_is_printed_in_parts() {
    let project = Project::new();
    let whole = project.run(["iam-policy"]);
    assert!(whole.stderr.contains("more than the 6144 of a managed policy"), "{whole}");
    let parts = project.run(["iam-policy", "--output", "json"]).json();
    let parts = parts["policies"].as_array().unwrap();
    for (at, part) in parts.iter().enumerate() {
        assert!(part.to_string().len() <= 6144);
        let number = (at + 1).to_string();
        assert_eq!(&project.run(["iam-policy", "--part", &number]).json(), part);
    }
    let beyond = (parts.len() + 1).to_string();
    assert_eq!(project.run(["iam-policy", "--part", &beyond]).code, Some(2));
}

#[test]
fn the_same_stacks_have_the_same_policy() {
    let project = Project::new();
    let first = project.run(["iam-policy", "DocuThinkerStack"]).success();
    assert_eq!(project.run(["iam-policy", "DocuThinkerStack"]).success(), first);
    assert!(!first.contains("stack/DocuThinkerFoundation/"), "{first}");
}

/// Every file of a folder, as text without white space.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if !path.ends_with("engine/fake.rs") {
            // That one stands in for AWS in the engine's tests.
            found.push(std::fs::read_to_string(path).unwrap().split_whitespace().collect());
        }
    }
}

/// What the code calls, by the methods of the SDK's clients and by the names in its messages.
#[test]
fn the_table_of_our_own_calls_is_what_the_code_calls() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cloud/src"), &mut files);
    let mut called = BTreeSet::new();
    for text in files.iter().filter_map(|text| text.split("#[cfg(test)]").next()) {
        for (client, prefix) in
            [(".cloudformation.", "cloudformation"), (".polling.", "cloudformation"), (".s3.", "s3")]
        {
            for rest in text.split(client).skip(1) {
                let method: String =
                    rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                let words = method.split('_').filter(|word| !word.is_empty());
                let name: String = words.map(|word| word[..1].to_uppercase() + &word[1..]).collect();
                if rest[method.len()..].starts_with("()") {
                    called.insert(format!("{prefix}:{name}"));
                }
            }
        }
        let is_action = |text: &&str| {
            text.split_once(':').is_some_and(|(prefix, name)| {
                template::facts::iam_service(prefix).is_some()
                    && name.starts_with(|c: char| c.is_ascii_uppercase())
            })
        };
        called.extend(text.split('"').filter(is_action).map(str::to_owned));
    }
    // What these calls bring with them; see the table.
    let brought = [
        "cloudformation:BatchDescribeTypeConfigurations",
        "cloudformation:DetectStackResourceDrift",
        "cloudformation:TagResource",
        "cloudformation:UntagResource",
        "s3:GetObject",
    ];
    called.extend(brought.map(str::to_owned));
    // A profile's source does this, so that there are the credentials which the table is about.
    assert!(called.remove("sts:AssumeRole"));
    let table: BTreeSet<String> = OWN_CALLS.iter().map(|(action, _)| (*action).to_owned()).collect();
    assert_eq!(called, table);
}

#[cfg(feature = "aws")]
#[path = "iam_policy/end_to_end.rs"]
mod end_to_end;
#[path = "iam_policy/recorder.rs"]
#[cfg(feature = "aws")]
mod recorder;
#[path = "iam_policy/wildcards.rs"]
mod wildcards;

#[test]
fn the_policy_of_a_file_is_for_the_account_of_the_settings() {
    let project = Project::with_config("defaults:\n  account: '210987654321'\n");
    project.write("topic.yaml", TOPIC);
    let policy = ["iam-policy", "--template", "topic.yaml", "--stack-name", "Alarms"];
    let text = project.run(policy).success();
    assert!(text.contains("arn:aws:cloudformation:*:210987654321:stack/Alarms/*"), "{text}");
    let other = project.run(policy.iter().chain(&["--set", "account=111122223333"])).success();
    assert!(other.contains(":111122223333:stack/Alarms/*"), "{other}");
}

#[test]
fn a_policy_is_never_for_all_stacks() {
    let project = Project::new();
    project.write("topic.yaml", TOPIC);
    for name in ["*", "", "a b", "1st"] {
        let run = project.run(["iam-policy", "--template", "topic.yaml", "--stack-name", name]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{name}: {}", run.stderr);
    }
}
