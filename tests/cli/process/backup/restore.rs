//! The way back: what `restore` tells of a stack, and the commands that bring it back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use age::secrecy::ExposeSecret as _;
use endpoint::{Fault, Scenario, Wrong};
use serde_json::{Value, json};

use super::super::Aws;
use super::{BACKUP, CANARY, DIGEST, REPOSITORY, app, assert_says, base, commands, deployed};

#[test]
fn what_is_as_in_the_backup_needs_nothing() {
    let aws = Aws::new(deployed());
    aws.run(BACKUP);
    let said = aws.run("restore b");
    assert_eq!(said.code, Some(0), "{said}");
    assert_says(&said, &["Base: as in the backup", "App: as in the backup", "nothing to do"]);
    let written = aws.json("restore b");
    assert_eq!((&written["steps"], &written["stacks"][1]["state"]), (&json!([]), &json!("unchanged")));
}

// R221, C-27
#[test]
fn the_commands_of_a_restore_bring_a_deleted_stack_back() {
    let aws = Aws::new(deployed().with_tag("aws:made-by", "a service of AWS's"));
    aws.run(BACKUP);
    aws.run("destroy --stack-name App --yes");
    assert_eq!(aws.endpoint.stack("App").unwrap().status, "DELETE_COMPLETE");
    let before = aws.endpoint.requests().len();
    let written = aws.json("restore b");
    for request in &aws.endpoint.requests()[before..] {
        let reads =
            ["Describe", "List", "Get", "Batch"].iter().any(|start| request.action.starts_with(start));
        assert!(reads, "`restore` changes nothing: {}", request.action);
    }
    assert_eq!(written["stacks"][0]["state"], "unchanged");
    assert_eq!(written["stacks"][1]["state"], "missing");
    let lines = commands(&written);
    let [deploy, policy, status] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!(
        deploy,
        "docuthinker deploy --template b/App/template.json --stack-name App --region us-east-1 \
         --parameters-file b/App/parameters.json --parameters-file PRIVATE.json --tag 'team=it'\\''s two'"
    );
    assert!(policy.starts_with("aws cloudformation set-stack-policy --stack-name App"), "{policy}");

    aws.project.write("PRIVATE.json", json!({ "Password": format!("{CANARY}-password") }).to_string());
    let deployed = aws.shell(&format!("{deploy} --yes"));
    assert_eq!(deployed.code, Some(0), "{deployed}");
    assert!(!format!("{}{}", deployed.stdout, deployed.stderr).contains(CANARY), "{deployed}");
    assert_eq!(aws.endpoint.stack("App").unwrap().status, "CREATE_COMPLETE");
    assert_eq!(aws.shell(status).code, Some(0));
    let again = aws.json("restore b");
    assert_eq!(again["stacks"][1]["state"], "unchanged", "{again:#}");
}

#[test]
fn the_commands_of_a_restore_read_the_settings_that_it_read() {
    let aws = Aws::new(deployed());
    aws.run(BACKUP);
    aws.run("destroy --stack-name App --yes");
    aws.project.write("other.yaml", "");
    let lines = commands(&aws.json("--config other.yaml restore b"));
    let own = lines.iter().filter(|line| line.starts_with("docuthinker "));
    assert!(
        own.clone().count() > 1 && own.clone().all(|line| line.contains("--config other.yaml")),
        "{lines:#?}"
    );
}

// R221
#[test]
fn a_stack_that_differs_is_taken_back_with_its_parameters() {
    let aws = Aws::new(deployed());
    aws.run(BACKUP);
    let mut other = app();
    other["Resources"]["More"] = json!({ "Type": "AWS::SNS::Topic" });
    aws.project.write("other.json", other.to_string());
    let changed = "deploy --template other.json --stack-name App --parameter Size=4 --no-validate --yes";
    assert_eq!(aws.run(changed).code, Some(0));
    let said = aws.run("restore b App");
    assert_says(&said, &["App: differs; to go back: 1 removed", "other values of Size"]);
    let lines = commands(&aws.json("restore b App"));
    assert!(!lines[0].contains("PRIVATE.json"), "a stack that is there keeps what is NoEcho: {}", lines[0]);
    let back = aws.shell(&format!("{} --yes", lines[0]));
    assert_eq!(back.code, Some(0), "{back}");
    assert_eq!(aws.json("restore b App")["stacks"][0]["state"], "unchanged");
}

#[test]
fn everything_comes_back_in_the_order_of_exports_and_imports_with_the_values_of_secrets_between() {
    let aws = Aws::new(deployed());
    let identity = age::x25519::Identity::generate();
    aws.run(&format!("backup App Base --out b --include-secrets --recipient {}", identity.to_public()));
    let manifest: Value = serde_json::from_slice(&fs::read(aws.folder("b/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["stacks"][0]["name"], "Base", "{manifest:#}");
    for stack in ["App", "Base"] {
        aws.run(&format!("destroy --stack-name {stack} --yes"));
    }
    aws.endpoint.change(|scenario| scenario.without_image(DIGEST).without_secret("app/key"));
    let written = aws.json("restore b");
    let titles: Vec<&str> =
        written["steps"].as_array().unwrap().iter().map(|step| step["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "make Base anew",
            "give 1 value back to the secrets",
            "bring 1 image of App back",
            "make App anew",
            "see whether all is well"
        ]
    );
    let gaps: Vec<&Value> =
        written["notInTheBackup"].as_array().unwrap().iter().map(|gap| &gap["what"]).collect();
    assert_eq!(gaps, ["Files", "Repo", "Password"]);
    let said = aws.run("restore b").success().replace(DIGEST, "DIGEST");
    let (_, way) = said.split_once("the way back:\n\n").unwrap();
    insta::assert_snapshot!(way, @r#"
    1. make Base anew
       docuthinker deploy --template b/Base/template.json --stack-name Base --region us-east-1

    2. give 1 value back to the secrets
       KEY_FILE is the file with the age identity that they were encrypted for
       docuthinker secrets import b/secrets.age --identity KEY_FILE --stack Base --skip-unknown --region us-east-1

    3. bring 1 image of App back
       web: 123456789012.dkr.ecr.us-east-1.amazonaws.com/web@DIGEST is not there
       what nobody has any more can only be built again, and is another digest then: `docuthinker images push --build`, and deploy the settings instead of the template

    4. make App anew
       before: write PRIVATE.json, for its owner only, with what the backup cannot have: {"Password":"…"}
       docuthinker deploy --template b/App/template.json --stack-name App --region us-east-1 --parameters-file b/App/parameters.json --parameters-file PRIVATE.json --tag 'team=it'\''s two'
       aws cloudformation set-stack-policy --stack-name App --region us-east-1 --stack-policy-body file://b/App/policy.json

    5. see whether all is well
       docuthinker status --stack Base --stack App --region us-east-1

    not given back by it:
      Files of Base: its files (AWS::EFS::FileSystem, fs-00000000000000009): it was kept when the stack was deleted, and is gone
      Repo of Base: its images (AWS::ECR::Repository, web): it was kept when the stack was deleted, and is gone
      Password of App: its value (NoEcho)
    "#);

    let lines = commands(&written);
    let base = aws.shell(&format!("{} --yes", lines[0]));
    assert_eq!(base.code, Some(0), "{base}");
    let key = aws.project.write("KEY_FILE", identity.to_string().expose_secret());
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    let stored = aws.shell(&format!("{} --yes", lines[1]));
    assert_eq!(stored.code, Some(0), "{}\n{stored}", lines[1]);
    assert!(!format!("{}{}", stored.stdout, stored.stderr).contains(CANARY), "{stored}");
    let stored = aws.endpoint.requests_of("PutSecretValue");
    let values: Vec<&Value> = stored.iter().map(|request| &request.body["SecretString"]).collect();
    assert_eq!(values, [&json!(format!("{CANARY}-key"))]);
    // The secret that was made anew has another ARN.
    let again = aws.json("restore b Base");
    assert_eq!(
        (&again["steps"], &again["stacks"][0]["state"]),
        (&json!([]), &json!("unchanged")),
        "{again:#}"
    );
}

#[test]
fn only_the_secrets_of_the_chosen_stacks_are_given_back() {
    let aws = Aws::new(deployed());
    let recipient = age::x25519::Identity::generate().to_public();
    aws.run(&format!("{BACKUP} --include-secrets --recipient {recipient}"));
    for stack in ["App", "Base"] {
        aws.run(&format!("destroy --stack-name {stack} --yes"));
    }
    aws.endpoint.change(|scenario| scenario.without_secret("app/key"));
    let base = aws.shell(&format!("{} --yes", commands(&aws.json("restore b"))[0]));
    assert_eq!(base.code, Some(0), "{base}");
    let only = commands(&aws.json("restore b App"));
    assert!(!only.iter().any(|line| line.contains("secrets import")), "{only:#?}");
    assert_eq!(
        commands(&aws.json("restore b"))[0],
        "docuthinker secrets import b/secrets.age --identity KEY_FILE --stack Base --skip-unknown --region us-east-1"
    );
}

#[test]
fn secrets_of_one_name_in_two_regions_stay_apart() {
    let base = base().to_string();
    let scenario = Scenario::new().stack("Base", &base, "UPDATE_COMPLETE");
    let scenario = scenario.stack("Far", &base, "UPDATE_COMPLETE").in_region("eu-west-1");
    let aws = Aws::new(scenario.secret("app/key", &format!("{CANARY}-key")));
    let identity = age::x25519::Identity::generate();
    let far = aws.endpoint.stack("Far").unwrap().id;
    let backup = format!("backup Base {far} --out b --include-secrets --recipient {}", identity.to_public());
    let kept = aws.run(&backup);
    assert_eq!(kept.code, Some(0), "{kept}");
    let sealed = fs::read(aws.folder("b/secrets.age")).unwrap();
    let opened: Value = serde_json::from_slice(&age::decrypt(&identity, &sealed).unwrap()).unwrap();
    let names: Vec<&String> = opened.as_object().unwrap().keys().collect();
    assert_eq!(names, ["eu-west-1/app/key", "us-east-1/app/key"]);

    aws.run("destroy --stack-name Base --yes");
    aws.run("destroy --stack-name Far --region eu-west-1 --yes");
    let lines = commands(&aws.json("restore b"));
    let imports: Vec<&String> = lines.iter().filter(|line| line.contains("secrets import")).collect();
    let [far, near] = imports.as_slice() else { panic!("{lines:#?}") };
    assert!(far.ends_with("--stack Far --skip-unknown --region eu-west-1"), "{far}");
    assert!(near.ends_with("--stack Base --skip-unknown --region us-east-1"), "{near}");
}

#[test]
fn a_tag_that_was_moved_or_taken_away_is_no_missing_image() {
    let other = DIGEST.replace('0', "f");
    let aws = Aws::new(deployed());
    aws.run(BACKUP);
    aws.run("destroy --stack-name App --yes");
    aws.endpoint.change(|scenario| {
        scenario.without_image(DIGEST).image("web", "v0", DIGEST).image("web", "v1", &other)
    });
    let moved = aws.run("restore b");
    assert_says(&moved, &[&format!("the tag v1 of {REPOSITORY} stands for {other} now, and for {DIGEST}")]);
    aws.endpoint.change(|scenario| scenario.without_image(&other));
    let gone = aws.run("restore b").success();
    assert!(
        gone.contains(&format!("the tag v1 of {REPOSITORY} is gone, which stands for {DIGEST}")),
        "{gone}"
    );
    assert!(!gone.contains("is not there") && !gone.contains("built again"), "{gone}");
    aws.endpoint.change(|scenario| scenario.fault(Fault::new(Wrong::Denied).on("BatchGetImage")));
    let denied = aws.run("restore b");
    assert_eq!(denied.code, Some(0), "{denied}");
    assert_says(&denied, &["could not be looked at", "make App anew"]);
}

#[test]
fn what_could_not_be_deleted_must_go_first() {
    let aws = Aws::new(deployed().fail_delete("Topic", "it is in use"));
    aws.run(BACKUP);
    aws.run("destroy --stack-name App --yes");
    assert_eq!(aws.endpoint.stack("App").unwrap().status, "DELETE_FAILED");
    let told = aws.json("restore b");
    assert_eq!(told["stacks"][1]["state"], "halfDeleted", "{told:#}");
    assert_eq!(commands(&told)[0], "docuthinker destroy --stack-name App --region us-east-1");
    assert_says(&aws.run("restore b"), &["App: is DELETE_FAILED: a part of it could not be deleted"]);
}
