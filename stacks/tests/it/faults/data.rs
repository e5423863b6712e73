//! Faults with what keeps data, and with the way to it.

use serde_json::json;

use super::{FOUNDATION, Fault, PROD};

const VOLUME: &str = "/Volumes/0/EFSVolumeConfiguration";

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        row: "F10",
        code: "DT133",
        at: "Chroma",
        stack: PROD,
        make: |draft| {
            draft.unset("Chroma", "/KmsKeyId");
            draft.set("Chroma", "/Encrypted", json!(false));
        },
    },
    Fault {
        row: "F11",
        code: "DT051",
        at: "AiMlTaskDefinition",
        stack: PROD,
        make: |draft| draft.unset("AiMlTaskDefinition", &format!("{VOLUME}/TransitEncryption")),
    },
    Fault {
        row: "F12",
        code: "DT052",
        at: "AiMlTaskDefinition",
        stack: PROD,
        make: |draft| draft.unset("AiMlTaskDefinition", &format!("{VOLUME}/AuthorizationConfig/IAM")),
    },
    Fault {
        row: "F13",
        code: "DT064",
        at: "ChromaSecurityGroupFromAiMlSecurityGroupPort2049",
        stack: PROD,
        make: |draft| {
            let rule = "ChromaSecurityGroupFromAiMlSecurityGroupPort2049";
            draft.unset(rule, "/SourceSecurityGroupId");
            draft.set(rule, "/CidrIp", json!("0.0.0.0/0"));
        },
    },
    Fault {
        row: "F14",
        code: "DT074",
        at: "ChromaMountTarget1",
        stack: PROD,
        make: |draft| draft.remove("ChromaSecurityGroupFromAiMlSecurityGroupPort2049"),
    },
    Fault {
        row: "F15",
        code: "DT076",
        at: "AiMlService",
        stack: PROD,
        make: |draft| draft.remove("ChromaMountTarget2"),
    },
    Fault {
        row: "F43",
        code: "DT134",
        at: "Chroma",
        stack: PROD,
        make: |draft| draft.unset_attribute("Chroma", "DeletionPolicy"),
    },
    Fault {
        row: "F43",
        code: "DT134",
        at: "OpenAiSecret",
        stack: FOUNDATION,
        make: |draft| draft.unset_attribute("OpenAiSecret", "DeletionPolicy"),
    },
];
