//! What the command must survive: each mistake is one clear error, with the documented exit code and nothing written.

use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::project::Project;

#[test]
fn suggests_the_nearest_stack_name() {
    assert_snapshot!(Project::new().run(["synth", "DocuThinkerStak"]), @r"
    exit: 2
    --- stderr ---
    error: no stack is named `DocuThinkerStak`

    hint: did you mean `DocuThinkerStack`?
    ");
}

#[test]
fn lists_the_stacks_if_none_is_near() {
    assert_snapshot!(Project::new().run(["synth", "Billing"]), @r"
    exit: 2
    --- stderr ---
    error: no stack is named `Billing`

    hint: choose one of `DocuThinkerFoundation`, `DocuThinkerStack`, `fargate-service`
    ");
}

#[test]
fn names_every_unknown_key_with_its_line_and_a_suggestion() {
    let project = Project::with_config(
        "defaults:\n  backend:\n    memroy: 3\n  ai_lm: {}\nenvironments:\n  prod:\n    backend:\n      cpu: lots\n",
    );
    assert_snapshot!(project.run(["synth"]), @r"
    exit: 3
    --- stderr ---
    error: unknown key `memroy`
      at docuthinker.yaml:3:5 (defaults.backend.memroy)

    hint: did you mean `memory`?

    error: unknown key `ai_lm`
      at docuthinker.yaml:4:3 (defaults.ai_lm)

    hint: did you mean `ai_ml`?

    error: `environments.prod.backend.cpu` must be a whole number, but it is the text `lots`
      at docuthinker.yaml:8:7 (environments.prod.backend.cpu)
    ");
    assert!(!project.path().join("docuthinker.out").exists());
}

#[test]
fn settings_beside_the_two_sections_are_explained() {
    assert_snapshot!(Project::with_config("backend:\n  cpu: 512\n").run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: unknown key `backend`
      at docuthinker.yaml:1:1

    hint: the file has three keys, `defaults`, `environments` and `validate`; settings go below the first two
    ");
    assert_snapshot!(Project::with_config("default:\n  backend: {}\n").run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: unknown key `default`
      at docuthinker.yaml:1:1

    hint: did you mean `defaults`?
    ");
}

// I2
#[test]
fn points_at_malformed_yaml() {
    assert_snapshot!(Project::with_config("defaults:\n  backend: a: b\n").run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: mapping values are not allowed in this context
      at docuthinker.yaml:2:13
        |
      1 | defaults:
      2 |   backend: a: b
        |             ^
    ");
    assert_snapshot!(Project::with_config("defaults:\n\tbackend: {}\n").run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: found character that cannot start any token
      at docuthinker.yaml:2:1
        |
      1 | defaults:
      2 |     backend: {}
        | ^
    ");
    assert_snapshot!(Project::with_config("defaults: [unclosed\n").run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: did not find expected ',' or ']' at line 2 column 1, while parsing a flow sequence
      at docuthinker.yaml:2:1
    ");
}

// I6
#[test]
fn refuses_a_duplicate_key_at_the_second_one() {
    let project = Project::with_config("defaults:\n  backend: {}\n  ai_ml: {}\n  backend: {}\n");
    assert_snapshot!(project.run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: the key `backend` is there twice
      at docuthinker.yaml:4:3
        |
      3 |   ai_ml: {}
      4 |   backend: {}
        |   ^
    ");
}

#[test]
fn refuses_tags_and_keys_that_are_not_text() {
    assert_snapshot!(Project::with_config("defaults: !Ref x\n").run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: a tag such as `!Ref` has no meaning here
      at docuthinker.yaml:1:11
        |
      1 | defaults: !Ref x
        |           ^
    ");
    assert_snapshot!(Project::with_config("defaults:\n  5000: x\n").run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: the key `5000` is not text; put it in quotes
      at docuthinker.yaml:2:3
        |
      1 | defaults:
      2 |   5000: x
        |   ^
    ");
}

// I3
#[test]
fn refuses_what_unfolds_or_nests_without_end() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for n in 1..12 {
        let _ = writeln!(bomb, "a{n}: &a{n} [{}]", vec![format!("*a{}", n - 1); 10].join(", "));
    }
    for text in [bomb, "[".repeat(200_000), format!("defaults: {}{}", "{a: ".repeat(100), "}".repeat(100))] {
        let begun = Instant::now();
        let outcome = Project::with_config(&text).run(["list"]);
        assert_eq!(outcome.code, Some(3), "{}", outcome.stderr.chars().take(300).collect::<String>());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_file_that_is_named_must_be_there() {
    assert_snapshot!(Project::new().run(["list", "--config", "prod.yaml"]), @r"
    exit: 3
    --- stderr ---
    error: cannot read the configuration file `prod.yaml`: no such file or directory
    ");
}

// I5
#[test]
fn the_configuration_must_be_a_regular_text_file_of_moderate_size() {
    let project = Project::new();
    fs::create_dir(project.path().join("docuthinker.yaml")).unwrap();
    assert_snapshot!(project.run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: cannot read the configuration file `docuthinker.yaml`: it is a folder
    ");

    let project = Project::new();
    project.write("docuthinker.yaml", vec![b'#'; 5 * 1024 * 1024]);
    assert_snapshot!(project.run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: the configuration file `docuthinker.yaml` is larger than 4 MiB
    ");

    let project = Project::new();
    project.write("docuthinker.yaml", b"defaults:\n  \xff\xfe\n");
    assert_snapshot!(project.run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: the configuration file `docuthinker.yaml` is not text: line 2 is not valid UTF-8
    ");
}

// I5
#[cfg(unix)]
#[test]
fn a_fifo_is_not_waited_for() {
    let project = Project::new();
    let made = Command::new("mkfifo").arg(project.path().join("docuthinker.yaml")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every Unix");
    assert_snapshot!(project.run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: cannot read the configuration file `docuthinker.yaml`: it is not a regular file
    ");
}

#[test]
fn suggests_the_nearest_environment() {
    assert_snapshot!(Project::new().run(["list", "-e", "prd"]), @r"
    exit: 2
    --- stderr ---
    error: no environment is named `prd`

    hint: did you mean `prod`?
    ");
    assert_snapshot!(Project::new().run(["list", "-c", "env=stagin"]), @r"
    exit: 2
    --- stderr ---
    error: no environment is named `stagin`

    hint: did you mean `staging`?
    ");
    assert_snapshot!(Project::new().run(["list", "-c", "stage=prod"]), @r"
    exit: 2
    --- stderr ---
    error: `-c stage=prod` is not known

    hint: `-c env=NAME` chooses the environment; single settings are set with `--set KEY=VALUE`
    ");
}

#[test]
fn a_wrong_value_on_the_command_line_is_a_mistake_of_usage() {
    assert_snapshot!(Project::new().run(["list", "--set", "backend.memroy=3"]), @r"
    exit: 2
    --- stderr ---
    error: unknown key `memroy`
      at --set backend.memroy=3

    hint: did you mean `memory`?
    ");
    assert_snapshot!(Project::new().run(["list", "--set", "backend.cpu=lots"]), @r"
    exit: 2
    --- stderr ---
    error: `backend.cpu` must be a whole number, but it is the text `lots`
      at --set backend.cpu=lots
    ");
    assert_snapshot!(Project::new().run(["list", "--set", "backend"]), @r"
    exit: 2
    --- stderr ---
    error: `--set backend` is not of the form `KEY=VALUE`

    hint: for example `--set backend.memory=2048`
    ");
}

#[test]
fn a_wrong_variable_is_named() {
    let project =
        Project::new().variable("DOCUTHINKER_BACKEND__CPU", "lots").variable("DOCUTHINKER_AI_ML__PROT", "1");
    assert_snapshot!(project.run(["list"]), @r"
    exit: 3
    --- stderr ---
    error: unknown key `prot`
      at variable DOCUTHINKER_AI_ML__PROT

    hint: did you mean `port`?

    error: `backend.cpu` must be a whole number, but it is the text `lots`
      at variable DOCUTHINKER_BACKEND__CPU
    ");
}

#[test]
fn errors_are_an_object_for_programs() {
    let project = Project::with_config("defaults:\n  backend:\n    memroy: 3\n");
    let outcome = project.run(["synth", "--output", "json"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), ""));
    let error: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(error["version"], 1);
    assert_eq!(error["code"], "config/unknown-key");
    assert_eq!(error["exit"], 3);
    assert_eq!(error["problems"][0]["at"][0], "docuthinker.yaml:3:5 (defaults.backend.memroy)");
}

#[test]
fn an_output_folder_that_is_a_file_is_refused() {
    let project = Project::new();
    project.write("docuthinker.out", "mine");
    assert_snapshot!(project.run(["synth"]), @r"
    exit: 3
    --- stderr ---
    error: cannot write into `docuthinker.out`: it is not a folder

    hint: name another folder with `--out`
    ");
    assert_eq!(project.read("docuthinker.out"), "mine");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_reported_and_not_ignored() {
    let project = Project::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = project.command(["synth", "DocuThinkerStack"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("cannot write the result to stdout: no space left")
    );
}

/// The tests' user may be root, for whom modes mean nothing; a file system that says no to everybody is `/proc`.
#[cfg(target_os = "linux")]
#[test]
fn an_output_folder_that_cannot_be_written_is_refused() {
    let outcome = Project::new().run(["synth", "--out", "/proc/templates"]);
    assert_eq!(outcome.code, Some(3), "{outcome}");
    assert!(outcome.stderr.starts_with("error: cannot write `/proc/templates`"), "{outcome}");
}

/// I30: a limit on file sizes kills the process in the middle of a write, as `kill -9` would.
#[cfg(unix)]
#[test]
fn a_write_that_is_cut_off_leaves_the_old_templates_whole() {
    let project = Project::new();
    project.run(["synth"]).success();
    let before = project.read("docuthinker.out/DocuThinkerStack.yaml");
    let script =
        format!("ulimit -f 4; exec '{}' synth --set backend.memory=2048", env!("CARGO_BIN_EXE_docuthinker"));
    let cut = Command::new("bash").args(["-c", &script]).current_dir(project.path()).output().unwrap();
    assert!(!cut.status.success(), "the template is larger than the limit");
    assert_eq!(project.read("docuthinker.out/DocuThinkerStack.yaml"), before);

    project.run(["synth", "--set", "backend.memory=2048"]).success();
    assert_ne!(project.read("docuthinker.out/DocuThinkerStack.yaml"), before);
    let names =
        fs::read_dir(project.path().join("docuthinker.out")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        names.map(|name| name.into_string().unwrap()).all(|name| !name.starts_with(".docuthinker-")),
        "nothing is left over"
    );
}

#[test]
fn two_commands_do_not_write_into_one_folder_at_once() {
    let project = Project::new();
    project.run(["synth"]).success();
    let lock = fs::File::options()
        .read(true)
        .write(true)
        .open(project.path().join("docuthinker.out/.lock"))
        .unwrap();
    lock.lock().unwrap();
    project.write("docuthinker.out/.lock", "4242");
    assert_snapshot!(project.run(["synth"]), @r"
    exit: 4
    --- stderr ---
    error: process 4242 is writing to `docuthinker.out`

    hint: wait until it has ended, or name another folder with `--out`
    ");
    drop(lock);
    project.run(["synth"]).success();
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_symbolic_link() {
    let project = Project::new();
    project.run(["synth"]).success();
    let template = project.path().join("docuthinker.out/DocuThinkerStack.yaml");
    let precious = project.write("precious", "mine");
    fs::remove_file(&template).unwrap();
    std::os::unix::fs::symlink(&precious, &template).unwrap();
    assert_snapshot!(project.run(["synth"]), @r"
    exit: 3
    --- stderr ---
    error: cannot write `docuthinker.out/DocuThinkerStack.yaml`: it is a symbolic link
    ");
    assert_eq!(project.read("precious"), "mine");
}
