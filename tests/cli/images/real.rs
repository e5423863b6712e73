//! A real builder and real registries, where Debian's packages `buildah` and `docker-registry` are installed.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{CANARY, commit, repositories, run, sound};
use crate::project::Project;
use crate::skip;
use endpoint::{Endpoint, Scenario};

/// A registry on this machine; it ends with the test.
struct Registry {
    process: Child,
    url: String,
}

impl Registry {
    fn start(folder: &Path) -> Registry {
        std::fs::create_dir_all(folder).unwrap();
        // Another process may take the port before the registry does, so another one is tried then.
        for _ in 0..5 {
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let address = format!("127.0.0.1:{port}");
            let data = folder.join("data");
            let config = format!(
                "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n",
                data.display()
            );
            std::fs::write(folder.join("config.yml"), config).unwrap();
            let mut command = Command::new("docker-registry");
            command.arg("serve").arg(folder.join("config.yml"));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut registry =
                Registry { process: command.spawn().unwrap(), url: format!("http://{address}") };
            let began = Instant::now();
            while began.elapsed() < Duration::from_mins(1) {
                if TcpStream::connect(&address).is_ok() {
                    return registry;
                }
                if registry.process.try_wait().unwrap().is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("docker-registry does not listen");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two regions with a registry each, and a folder in which `buildah` builds without any rights.
fn world() -> Option<(Endpoint, Project, Registry, Registry)> {
    if !skip::are_installed(&["buildah", "docker-registry"]) {
        return None;
    }
    let project = Project::new();
    let home = Registry::start(&project.path().join("registry-home"));
    let away = Registry::start(&project.path().join("registry-away"));
    let scenario = Scenario::new()
        .registry_password(CANARY)
        .stack("DocuThinkerFoundation", &repositories(), "CREATE_COMPLETE")
        .stack("DocuThinkerFoundation", &repositories(), "CREATE_COMPLETE")
        .in_region("eu-west-1")
        .registry("us-east-1", &home.url)
        .registry("eu-west-1", &away.url);
    let endpoint = Endpoint::start_blocking(scenario);
    let storage = project.path().join("storage");
    let project = project
        .variable("AWS_ENDPOINT_URL", &endpoint.url())
        .variable("DOCUTHINKER_CONTAINER_TOOL", "buildah")
        .variable("STORAGE_DRIVER", "vfs")
        .variable("BUILDAH_ISOLATION", "chroot")
        .variable("XDG_RUNTIME_DIR", &storage.join("run").to_string_lossy())
        .variable("CONTAINERS_STORAGE_CONF", &storage_configuration(&storage))
        .variable("REGISTRY_AUTH_FILE", &storage.join("auth.json").to_string_lossy());
    Some((endpoint, project, home, away))
}

/// Images of a test are in its own folder.
fn storage_configuration(folder: &Path) -> String {
    std::fs::create_dir_all(folder.join("run")).unwrap();
    let (run, graph) = (folder.join("run"), folder.join("graph"));
    let text = format!(
        "[storage]\ndriver = \"vfs\"\nrunroot = \"{}\"\ngraphroot = \"{}\"\n",
        run.display(),
        graph.display()
    );
    let file = folder.join("storage.conf");
    std::fs::write(&file, text).unwrap();
    file.to_string_lossy().into_owned()
}

#[test]
fn a_commit_is_built_pushed_listed_pinned_and_copied_with_a_real_tool() {
    // R090, R091, R092, R097, R245
    let Some((endpoint, project, _home, _away)) = world() else { return };
    let commit = commit(&project);
    let built = sound(run(&project, "images build --output json"));
    assert_eq!(built["built"][0]["name"], format!("docuthinker-backend:{commit}"));
    let id = built["built"][0]["id"].as_str().unwrap();
    assert!(id.starts_with("sha256:") && id.len() == 71, "{id}");

    let pushed = run(&project, "images push");
    assert_eq!(pushed.code, Some(0), "{pushed}");
    assert!(!pushed.to_string().contains(CANARY), "{pushed}");
    let digest = pushed.stdout.lines().next().unwrap().split("  ").nth(1).unwrap().to_owned();
    assert!(digest.starts_with("sha256:") && digest.len() == 71, "{pushed}");
    let again = sound(run(&project, "images push --output json"));
    assert_eq!(
        (&again["pushed"][0]["state"], &again["pushed"][0]["digest"]),
        (&"there".into(), &digest.clone().into())
    );

    let listed = sound(run(&project, "images list --output json"));
    assert_eq!(listed["repositories"][0]["images"][0]["digest"], digest);
    assert_eq!(listed["repositories"][0]["images"][0]["tags"], serde_json::json!([commit]));

    // The same image under a tag of one's own is known by its id; another one is refused.
    let tool = |arguments: &[&str]| {
        assert!(project.other("buildah").args(arguments).output().unwrap().status.success());
    };
    let (local, own) = (format!("docuthinker-backend:{commit}"), "docuthinker-backend:v1");
    tool(&["tag", &local, own]);
    run(&project, "images push backend --tag v1").success();
    assert_eq!(
        sound(run(&project, "images push backend --tag v1 --output json"))["pushed"][0]["state"],
        "there"
    );
    tool(&["tag", &format!("docuthinker-ai-ml:{commit}"), own]);
    let refused = run(&project, "images push backend --tag v1");
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("is another image in ECR"), "{refused}");

    run(&project, "images pin").success();
    assert!(project.read("docuthinker.yaml").contains(&format!("image: {digest}")));
    let copied = sound(run(&project, "images copy backend --to-region eu-west-1 --output json"));
    assert_eq!(
        (&copied["copied"][0]["state"], &copied["copied"][0]["digest"]),
        (&"copied".into(), &digest.clone().into())
    );
    let there = run(&project, "images copy backend --to-region eu-west-1");
    assert!(there.stderr.contains("backend is in eu-west-1 already; not copied"), "{there}");
    assert_eq!(endpoint.count("CreateChangeSet"), 0);
}

#[test]
fn an_image_is_copied_to_a_registry_that_is_not_of_ecr() {
    // R097
    let Some((_endpoint, project, _home, _away)) = world() else { return };
    commit(&project);
    let pushed = sound(run(&project, "images push backend --build --output json"));
    let digest = &pushed["pushed"][0]["digest"];
    run(&project, "images pin backend").success();
    let other = Registry::start(&project.path().join("registry-other"));
    let host = other.url.trim_start_matches("http://").to_owned();
    let copy = format!("images copy backend --to {host}/mirror");
    let copied = sound(run(&project, &format!("{copy} --output json")));
    let row = &copied["copied"][0];
    assert_eq!((&row["state"], &row["digest"]), (&"copied".into(), digest), "{copied:#}");
    assert_eq!(
        row["to"],
        serde_json::json!({ "registry": host, "repository": "mirror/docuthinker-backend" })
    );
    let there = run(&project, &copy);
    assert_eq!(there.code, Some(0), "{there}");
    assert!(
        there.stderr.contains(&format!("backend is in {host}/mirror/docuthinker-backend already")),
        "{there}"
    );

    drop(other);
    let refused = run(&project, &copy);
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.stderr.contains(&format!("buildah login {host}")), "{refused}");
    for wrong in
        [format!("--to https://{host}"), format!("--to {host}/a:v1"), format!("--to {host} --to-env dr")]
    {
        let refused = run(&project, &format!("images copy backend {wrong}"));
        assert_eq!(refused.code, Some(2), "{refused}");
    }
}
