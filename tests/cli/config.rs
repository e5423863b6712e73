//! The layers of the configuration, from the built-in values to `--set`.

use insta::assert_snapshot;

use crate::project::Project;

const FILE: &str = "\
defaults:
  backend:
    cpu: 1024
    memory: 2048
environments:
  prod:
    backend:
      memory: 4096
  demo:
    backend:
      cpu: 256
";

/// The value of `key`, and where it comes from.
#[track_caller]
fn explained(project: &Project, arguments: &[&str], key: &str) -> String {
    let line = project.run(["config", "explain", key].iter().chain(arguments)).success();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_layer_is_over_the_one_before_and_explain_tells_which_it_was() {
    let project = Project::with_config(FILE).variable("DOCUTHINKER_AI_ML__CPU", "2048");
    assert_eq!(explained(&project, &[], "backend.cpu"), "backend.cpu = 1024 # docuthinker.yaml:3:5");
    assert_eq!(explained(&project, &[], "backend.memory"), "backend.memory = 4096 # docuthinker.yaml:8:7");
    assert_eq!(
        explained(&project, &["-e", "demo"], "backend.cpu"),
        "backend.cpu = 256 # docuthinker.yaml:11:7"
    );
    assert_eq!(explained(&project, &[], "ai_ml.cpu"), "ai_ml.cpu = 2048 # variable DOCUTHINKER_AI_ML__CPU");
    let set = ["--set", "ai_ml.cpu=512"];
    assert_eq!(explained(&project, &set, "ai_ml.cpu"), "ai_ml.cpu = 512 # --set ai_ml.cpu=512");
}

#[test]
fn what_keeps_environments_apart_comes_after_what_they_share() {
    let project =
        Project::with_config("defaults:\n  region: eu-west-1\n  name: acme\nenvironments:\n  qa: {}\n");
    let of = |environment: &str, key: &str| explained(&project, &["-e", environment], key);
    assert_eq!(of("prod", "region"), "region = \"eu-west-1\" # docuthinker.yaml:2:3");
    assert_eq!(of("dr", "region"), "region = \"us-west-2\" # built-in environment `dr`");
    assert_eq!(of("dev", "name"), "name = \"docuthinker-dev\" # built-in environment `dev`");
    assert_eq!(of("qa", "stack_suffix"), "stack_suffix = \"-qa\" # name of the environment `qa`");
}

#[test]
fn two_environments_at_once_are_refused() {
    for both in [["-e", "dev", "-c", "env=prod"], ["-c", "env=prod", "-c", "env=dev"]] {
        let refused = Project::new().run(["list"].iter().chain(&both));
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains("two environments are chosen"), "{refused}");
    }
}

// R126, R141
#[test]
fn an_environment_is_chosen_as_it_was_with_cdk_and_brings_its_region() {
    for chosen in [&["-c", "env=dr"][..], &["--context", "env=dr"], &["-e", "dr"]] {
        let told = explained(&Project::new(), chosen, "region");
        assert_eq!(told, "region = \"us-west-2\" # built-in environment `dr`");
    }
    let told = explained(&Project::new(), &[], "region");
    assert!(told.starts_with("region = \"us-east-1\" # "), "{told}");
}

#[test]
fn without_a_file_the_built_in_production_values_hold() {
    assert_snapshot!(Project::new().run(["config", "show"]).success());
    for environment in ["dev", "staging", "dr"] {
        assert_snapshot!(
            format!("config-explain-{environment}"),
            Project::new().run(["config", "explain", "-e", environment]).success()
        );
    }
}

#[test]
fn the_file_and_the_environment_can_be_named_by_variables() {
    let project =
        Project::new().variable("DOCUTHINKER_CONFIG", "other.yaml").variable("DOCUTHINKER_ENV", "demo");
    project.write("other.yaml", FILE);
    let shown = project.run(["config", "show", "--output", "json"]).json();
    assert_eq!((shown["version"].as_i64(), shown["environment"].as_str()), (Some(1), Some("demo")));
    assert_eq!(shown["settings"]["backend"]["cpu"], 256);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let names = ["DOCUTHINKER_CONFIG", "DOCUTHINKER_ENV", "DOCUTHINKER_REGION", "DOCUTHINKER_BACKEND__CPU"];
    let project = names.iter().fold(Project::new(), |project, name| project.variable(name, ""));
    assert_eq!(project.run(["config", "show"]).success(), Project::new().run(["config", "show"]).success());
}

#[test]
fn what_show_prints_can_be_read_again() {
    let shown = Project::new().run(["config", "show"]).success();
    let indented = shown.replace('\n', "\n  ");
    let again = Project::with_config(&format!("defaults:\n  {indented}")).run(["config", "show"]).success();
    assert_eq!(again, shown);
}

#[test]
fn the_schema_describes_every_setting() {
    let schema = Project::new().run(["config", "schema"]).json();
    assert_eq!(schema["additionalProperties"], false);
    let settings = schema["$defs"]["Settings"]["properties"].as_object().unwrap();
    for (name, property) in settings {
        assert!(
            property.get("description").is_some() || property.get("$ref").is_some(),
            "{name} has a description"
        );
    }
}

#[test]
fn a_file_with_the_other_ending_is_not_silently_left_out() {
    let project = Project::new();
    project.write("docuthinker.yml", FILE);
    let listed = project.run(["list"]);
    assert_eq!(listed.code, Some(0), "{listed}");
    assert!(listed.stderr.contains("rename it to `docuthinker.yaml`"), "{listed}");
}

#[test]
fn a_setting_that_does_not_exist_cannot_be_explained() {
    assert_snapshot!(Project::new().run(["config", "explain", "backend.cpus"]), @r"
    exit: 2
    --- stderr ---
    error: there is no setting `backend.cpus`

    hint: did you mean `cpu`?
    ");
}
