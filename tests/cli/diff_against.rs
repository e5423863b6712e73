//! What stacks are compared with besides the deployed ones, and the contract of the JSON.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::Project;

/// Holds what `diff --format json` writes against its schema.
#[track_caller]
pub(crate) fn assert_keeps_the_contract(written: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../schemas/diff-1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(written).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Runs `diff` with these arguments; its JSON, which keeps the contract.
#[track_caller]
fn diff(project: &Project, arguments: &str) -> Value {
    let outcome = project.run(arguments.split(' ').chain(["--format", "json"]));
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let written = serde_json::from_str(&outcome.stdout).unwrap();
    assert_keeps_the_contract(&written);
    written
}

/// A folder with the templates of production in `docuthinker.out`.
fn synthesized() -> Project {
    let project = Project::new();
    project.run(["synth"]).success();
    project
}

fn names(written: &Value) -> Vec<&str> {
    written["stacks"].as_array().unwrap().iter().map(|stack| stack["name"].as_str().unwrap()).collect()
}

/// Changes what the manifest says.
fn change_manifest(project: &Project, change: impl FnOnce(&mut Vec<Value>)) {
    let mut manifest: Value = serde_json::from_str(&project.read("docuthinker.out/manifest.json")).unwrap();
    change(manifest["stacks"].as_array_mut().unwrap());
    project.write("docuthinker.out/manifest.json", manifest.to_string());
}

#[test]
fn all_stacks_are_compared_with_a_folder() {
    let project = synthesized();
    let same = diff(&project, "diff --against docuthinker.out");
    assert_eq!(names(&same), ["DocuThinkerFoundation", "DocuThinkerStack"]);
    assert_eq!((&same["different"], &same["kinds"]), (&json!(false), &json!([])));
    assert_eq!(same["stacks"][1]["against"], "docuthinker.out/DocuThinkerStack.yaml");
    let other = diff(&project, "diff --against docuthinker.out --set backend.memory=2048");
    let different = |at: usize| !other["stacks"][at]["changes"]["resources"].as_array().unwrap().is_empty();
    assert_eq!((different(0), different(1)), (false, true));
    let one = diff(&project, "diff DocuThinkerStack --against docuthinker.out");
    assert_eq!(names(&one), ["DocuThinkerStack"]);
}

#[test]
fn a_stack_that_only_the_folder_has_is_told_and_stays_deployed() {
    let project = synthesized();
    project.write("docuthinker.out/Old-prod.yaml", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n");
    change_manifest(&project, |stacks| {
        let old = json!({
            "name": "Old", "stackName": "Old-prod", "template": "Old-prod.yaml", "dependsOn": [], "region": null,
            "account": null, "tags": {}, "terminationProtection": false,
        });
        stacks.push(old);
    });
    assert_snapshot!(project.run(["diff", "--against", "docuthinker.out", "--exit-code"]), @r"
    exit: 7
    --- stdout ---
    DocuThinkerFoundation against docuthinker.out/DocuThinkerFoundation.yaml: no differences

    DocuThinkerStack against docuthinker.out/DocuThinkerStack.yaml: no differences

    Old-prod against docuthinker.out: missing
      is no longer in the code; it stays deployed until docuthinker destroy --stack-name Old-prod
    ");
    let all = diff(&project, "diff --against docuthinker.out");
    assert_eq!((&all["stacks"][2]["gone"], &all["kinds"]), (&json!(true), &json!(["any"])));
    let named = diff(&project, "diff DocuThinkerStack --against docuthinker.out");
    assert_eq!(names(&named), ["DocuThinkerStack"], "nobody asked for the others");
}

#[test]
fn a_stack_that_the_folder_does_not_have_is_new_and_so_is_one_with_another_name() {
    let project = synthesized();
    change_manifest(&project, |stacks| {
        stacks.remove(0);
        stacks[0]["stackName"] = json!("DocuThinker");
    });
    let written = diff(&project, "diff --against docuthinker.out");
    assert_eq!(names(&written), ["DocuThinkerFoundation", "DocuThinkerStack", "DocuThinker"]);
    let [foundation, stack, old] = written["stacks"].as_array().unwrap().as_slice() else {
        panic!("{written}")
    };
    assert_eq!((&foundation["deployed"], &foundation["against"]), (&json!(false), &json!("docuthinker.out")));
    assert_eq!((&stack["deployed"], &old["gone"]), (&json!(false), &json!(true)), "to CloudFormation, too");
    let text = project.run(["diff", "DocuThinkerFoundation", "--against", "docuthinker.out"]).success();
    assert!(text.contains("  is not in docuthinker.out: everything is new\n"), "{text}");
}

#[test]
fn a_folder_without_a_manifest_is_read_by_the_names_of_its_files() {
    let project = synthesized();
    let folder = project.path().join("main");
    fs::create_dir(&folder).unwrap();
    let json = project.run(["synth", "DocuThinkerStack", "--format", "json"]).success();
    project.write("main/DocuThinkerStack.template.json", json);
    project.write("main/package.json", "{}");
    project.write("main/README.md", "Resources");
    project.write("main/Gone.yml", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n");
    let written = diff(&project, "diff --against main");
    assert_eq!(names(&written), ["DocuThinkerFoundation", "DocuThinkerStack", "Gone"]);
    assert_eq!(written["stacks"][1]["changes"]["resources"], json!([]));

    project.write("main/Gone.yml", "Resources: {Topic: [}\n");
    project.write("main/Other.json", "{\"Resources\": 1}");
    assert_snapshot!(project.run(["diff", "--against", "main"]), @r#"
    exit: 3
    --- stderr ---
    error: while parsing a node, did not find expected node content
      at main/Gone.yml:1:21 (Resources.Topic)
        |
      1 | Resources: {Topic: [}
        |                     ^

    error[DT141]: expected a mapping, found a number
      at main/Other.json:1:2 (Resources)
        |
      1 | {"Resources": 1}
        |  ^
    "#);
    fs::create_dir(project.path().join("empty")).unwrap();
    assert_snapshot!(project.run(["diff", "--against", "empty"]), @r"
    exit: 3
    --- stderr ---
    error: no template is in the folder `empty`

    hint: `docuthinker synth --out FOLDER` writes the templates of all stacks
    ");
}

#[test]
fn a_cloud_assembly_of_the_cdk_is_a_folder_as_well() {
    let project = synthesized();
    let file = "DocuThinkerStack.template.json";
    fs::create_dir(project.path().join("cdk.out")).unwrap();
    project.write(
        &format!("cdk.out/{file}"),
        project.run(["synth", "DocuThinkerStack", "--format", "json"]).success(),
    );
    let stack = json!({ "type": "aws:cloudformation:stack", "properties": { "templateFile": file } });
    let manifest = json!({ "version": "48.0.0", "artifacts": { "DocuThinkerStack": stack } });
    project.write("cdk.out/manifest.json", manifest.to_string());
    let written = diff(&project, "diff DocuThinkerStack --against cdk.out");
    assert_eq!((&written["different"], &written["stacks"][0]["deployed"]), (&json!(false), &json!(true)));
}

#[test]
fn a_manifest_that_cannot_be_trusted_is_refused() {
    let project = synthesized();
    change_manifest(&project, |stacks| stacks[0]["template"] = json!("../secret.yaml"));
    let refused = project.run(["diff", "--against", "docuthinker.out"]);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("secret.yaml` is not a file in the folder"), "{refused}");
    project.write("docuthinker.out/manifest.json", "{\"version\": 1}");
    let refused = project.run(["diff", "--against", "docuthinker.out"]);
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("manifest.json`: missing field `environment`"), "{refused}");
}

#[test]
fn another_environment_is_compared_stack_by_stack() {
    let project = Project::new();
    let written = diff(&project, "diff -e staging --against-env prod");
    assert_eq!(names(&written), ["DocuThinkerFoundation-staging", "DocuThinkerStack-staging"]);
    assert_eq!(written["stacks"][1]["against"], "DocuThinkerStack of prod");
    assert_eq!(written["different"], true);
    let back = diff(&project, "diff DocuThinkerStack -e prod --against-env staging");
    assert_eq!(back["stacks"][0]["against"], "DocuThinkerStack-staging of staging");
    // What is set is set on the one side only.
    let file = "environments: {copy: {stack_suffix: '', tags: {Environment: prod}}}\n";
    project.write("docuthinker.yaml", file);
    let set = "diff DocuThinkerStack -e prod --set backend.memory=2048 --against-env copy";
    let set = diff(&project, set);
    let changed = set["stacks"][0]["changes"]["resources"].as_array().unwrap();
    let task = changed.iter().find(|change| change["id"] == "BackendTaskDefinition").unwrap();
    let memory =
        task["changes"].as_array().unwrap().iter().find(|change| change["place"] == "Memory").unwrap();
    assert_eq!((&memory["old"], &memory["new"]), (&json!("1024"), &json!("2048")));
}

/// Each comparison of a pull request has a comment of its own, which is the same one in every run.
#[test]
fn the_first_line_of_a_comment_tells_what_is_compared() {
    let project = synthesized();
    let folder = project.path().join("docuthinker.out").canonicalize().unwrap().display().to_string();
    let elsewhere = Project::new();
    let marker = |project: &Project, arguments: &str| {
        let text = project.run(arguments.split(' ').chain(["--format", "markdown"])).success();
        let line = text.lines().next().unwrap().to_owned();
        line.strip_prefix("<!-- docuthinker diff ")
            .and_then(|key| key.strip_suffix(" -->"))
            .unwrap()
            .to_owned()
    };
    for (arguments, key) in [
        ("diff --against docuthinker.out", "prod against=docuthinker.out"),
        ("diff --against ./docuthinker.out/", "prod against=docuthinker.out"),
        ("diff --against docuthinker.out --set backend.memory=2048", "prod against=docuthinker.out"),
        ("diff -e dev --against-env prod", "dev against-env=prod"),
        ("diff DocuThinkerStack -e dev --against-env prod", "dev stacks=DocuThinkerStack against-env=prod"),
        (AGAINST_FILE, "prod stacks=DocuThinkerStack against=docuthinker.out/DocuThinkerStack.yaml"),
    ] {
        assert_eq!(marker(&project, arguments), key, "{arguments}");
    }
    assert_eq!(marker(&elsewhere, &format!("diff --against {folder}")), "prod against=docuthinker.out");
}

const AGAINST_FILE: &str = "diff DocuThinkerStack --against docuthinker.out/DocuThinkerStack.yaml";

#[test]
fn an_environment_is_not_compared_with_itself_or_with_one_that_is_not_there() {
    let project = Project::new();
    assert_snapshot!(project.run(["diff", "--against-env", "prod"]), @r"
    exit: 2
    --- stderr ---
    error: `prod` would be compared with itself

    hint: choose the environment that is compared with `-e NAME`
    ");
    let unknown = project.run(["diff", "--against-env", "prd"]);
    assert_eq!(unknown.code, project.run(["diff", "-e", "prd", "--against-env", "prod"]).code, "{unknown}");
    assert!(unknown.stderr.contains("`prd`"), "{unknown}");
}

#[test]
fn a_template_from_a_file_is_not_compared_with_a_folder() {
    let project = synthesized();
    project.write("t.yaml", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n");
    let refused = project.run(["diff", "--template", "t.yaml", "--against", "docuthinker.out"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("a template from a file is compared with a file"), "{refused}");
}

#[test]
#[cfg(feature = "aws")]
fn there_is_one_thing_to_compare_with() {
    let project = Project::new();
    for arguments in [
        "--against x --against-env dr",
        "--against x --change-set",
        "--against-env dr --change-set",
        "--template t --against-env dr",
        "--template t --stack-name S --against x",
        "--template t --stack-name S --against-env dr",
    ] {
        let refused = project.run(["diff"].into_iter().chain(arguments.split(' ')));
        assert_eq!(refused.code, Some(2), "{arguments}: {refused}");
        assert!(refused.stderr.contains("cannot be used with"), "{arguments}: {refused}");
    }
}

#[test]
fn with_a_file_the_values_of_parameters_are_those_of_both_sides() {
    let template = |delay: u32| {
        format!(
            "Parameters: {{Env: {{Type: String, Default: dev}}}}
Conditions: {{Prod: !Equals [!Ref Env, prod]}}
Resources:
  Queue: {{Type: AWS::SQS::Queue, Condition: Prod, Properties: {{DelaySeconds: {delay}}}}}
  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref Env}}}}
"
        )
    };
    let project = Project::new();
    project.write("old.yaml", template(1));
    project.write("new.yaml", template(2));
    let files = "diff --template new.yaml --against old.yaml --no-validate --parameter";
    let dormant = |env: &str| {
        let written = diff(&project, &format!("{files} Env={env}"));
        let resources = written["stacks"][0]["changes"]["resources"].as_array().unwrap();
        assert_eq!(resources.len(), 1, "{written}");
        resources[0].get("dormant").is_some()
    };
    assert_eq!((dormant("prod"), dormant("dev")), (false, true));
    let refused = project.run(files.split(' ').chain(["Evn=prod"]));
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("the only one is `Env`"), "{refused}");
}

#[test]
fn macros_are_said_to_be_known_to_aws_only() {
    let project = Project::new();
    let text =
        "Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: AWS::Serverless::SimpleTable}}\n";
    project.write("old.yaml", text);
    project.write("new.yaml", format!("{text}Description: new\n"));
    let written = diff(&project, "diff --template new.yaml --against old.yaml --no-validate");
    let note = written["stacks"][0]["notes"][0].as_str().unwrap();
    assert!(note.contains("what they make of it is known to AWS only"), "{note}");
}

/// Everything that a comparison can say of two templates.
#[test]
fn the_contract_holds_for_every_kind_of_difference() {
    let project = synthesized();
    for set in [
        "--set backend.memory=2048 --set sync.vector=false --set logs.retention_days=60",
        "--set network.nat=single --set deletion_protection=false --set customer_key=false",
        "--set secrets.prefix=other --set backend.architecture=arm64",
    ] {
        diff(&project, &format!("diff --against docuthinker.out {set}"));
    }
    diff(&project, "diff -e dev --against-env prod");
    let old = r#"
Parameters:
  Size: {Type: String, Default: a}
  Password: {Type: String, NoEcho: true, Default: x}
Mappings: {M: {a: {b: c}}}
Conditions: {Big: !Equals [!Ref Size, b]}
Resources:
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: one}}
  Renamed: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 5}}
  Reader: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Renamed.QueueName}}
  Extra: {Type: AWS::SQS::Queue, Condition: Big, Properties: {DelaySeconds: 1}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !If [Big, x, !FindInMap [M, a, b]]}}
  Dashboard: {Type: AWS::CloudWatch::Dashboard, Properties: {DashboardBody: '{"widgets": [{"type": "text"}]}'}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: !Ref Password}}
Outputs: {Bucket: {Value: !Ref Data, Export: {Name: bucket}}}
"#;
    let new = [
        ("Default: a", "Default: b"),
        ("Default: x", "Default: y"),
        ("b: c", "b: d"),
        ("BucketName: one", "BucketName: two"),
        ("Renamed", "Named"),
        ("DelaySeconds: 1", "DelaySeconds: 2"),
        ("\"text\"", "\"metric\""),
        (
            "GroupDescription: g",
            "GroupDescription: g, SecurityGroupIngress: [{CidrIp: 0.0.0.0/0, IpProtocol: '-1'}]",
        ),
    ];
    let new = new.iter().fold(old.to_owned(), |text, (from, to)| text.replace(from, to));
    project.write("old.yaml", old);
    project.write("new.yaml", new);
    let written = diff(&project, "diff --template new.yaml --against old.yaml --no-validate");
    let changes = &written["stacks"][0]["changes"];
    for part in ["losses", "roots", "renames", "resources", "values", "sections"] {
        assert_ne!(changes[part], json!([]), "{part}");
    }
    assert_ne!(changes["review"]["network"]["broader"], json!([]));
    let mut wrong = written.clone();
    wrong["stacks"][0]["changes"]["losses"][0]["fate"] = json!("lost");
    let schema: Value = serde_json::from_str(include_str!("../../schemas/diff-1.json")).unwrap();
    assert!(!jsonschema::is_valid(&schema, &wrong), "the schema is asked at all");
}

/// Whoever reads the schema finds every field described.
#[test]
fn every_field_of_the_contract_is_described() {
    fn look(schema: &Value, path: &str) {
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                let path = format!("{path}.{name}");
                let by_reference = property["$ref"].is_string();
                assert!(by_reference || property["description"].is_string(), "{path}");
                look(property, &path);
            }
            assert_eq!(schema["additionalProperties"], json!(false), "{path}");
        }
        look_if_there(&schema["items"], path);
        for one in schema["oneOf"].as_array().into_iter().flatten() {
            look_if_there(one, path);
        }
    }
    fn look_if_there(schema: &Value, path: &str) {
        if schema.is_object() {
            look(schema, path);
        }
    }
    let schema: Value = serde_json::from_str(include_str!("../../schemas/diff-1.json")).unwrap();
    look(&schema, "");
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(definition["description"].is_string(), "{name}");
        look(definition, name);
    }
}
