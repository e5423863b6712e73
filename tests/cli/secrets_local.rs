//! `secrets` through the first deployment of the project, against the emulator.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::emulator::Emulator;

#[cfg(unix)]
#[test]
fn the_secrets_of_a_new_project_are_stored_before_its_services_are_deployed() {
    // R110, R111
    let emulator = Emulator::start();
    let project = &emulator.project;
    project.run(["deploy", "DocuThinkerFoundation", "--local", "--yes"]).success();
    // The emulator has a value without a letter where AWS has none.
    let unfilled = project.run(["secrets", "check", "--local"]);
    assert_eq!(unfilled.code, Some(3), "{unfilled}");
    assert!(unfilled.stderr.contains("docuthinker/openai: it has no value"), "{unfilled}");
    let path = project.write(
        "env",
        "OPENAI_API_KEY=sk-1\nANTHROPIC_API_KEY=sk-2\nGOOGLE_API_KEY=sk-3\n\
         DOCUTHINKER_NEO4J_URI=bolt://user:pass@host:7687\nMONGODB_URI=mongodb://host\nREDIS_URL=redis://host\n",
    );
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let import = ["secrets", "import", "env", "--local", "--yes", "--output", "json"];
    let stored = project.run(import).json();
    assert_eq!(stored["stored"].as_array().unwrap().len(), 6, "{stored}");
    let value = |name: &str| {
        let body = json!({ "SecretId": name });
        emulator.json("secretsmanager", "secretsmanager.GetSecretValue", &body)["SecretString"].clone()
    };
    assert_eq!(value("docuthinker/neo4j"), "bolt://user:pass@host:7687");
    assert_eq!(project.run(import).json()["stored"], json!([]));

    let checked = project.run(["secrets", "check", "--local", "--output", "json"]).json();
    let state = |name: &str| {
        let mut secrets = checked["secrets"].as_array().unwrap().iter();
        secrets.find(|secret| secret["name"] == name).unwrap()["state"].clone()
    };
    assert_eq!((state("docuthinker/openai"), state("docuthinker/chroma")), (json!("ok"), json!("unused")));

    project.run(["deploy", "DocuThinkerStack", "--local", "--yes"]).success();
    let listed = project.run(["secrets", "list", "--local", "--output", "json"]).json();
    let openai = &listed["secrets"][0];
    let users: Vec<&Value> = openai["users"].as_array().unwrap().iter().map(|one| &one["service"]).collect();
    assert_eq!(users, ["ai-ml", "backend"], "{openai}");
    assert!(openai["users"][0]["deployed"] == true && openai["stored"]["changed"].is_string(), "{openai}");

    let rotated = project.run(["secrets", "rotate", "openai", "--generate", "--local", "--yes"]).success();
    assert!(rotated.contains("docuthinker --local redeploy ai-ml backend"), "{rotated}");
    assert_eq!(value("docuthinker/openai").as_str().unwrap().len(), 32);

    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let export = ["secrets", "export", "redis", "--local", "--recipient", &recipient, "--out", "all.age"];
    project.run(export).success();
    let bytes = std::fs::read(project.path().join("all.age")).unwrap();
    let exported: Value = serde_json::from_slice(&age::decrypt(&identity, &bytes).unwrap()).unwrap();
    assert_eq!(exported, json!({ "docuthinker/redis": "redis://host" }));
}
