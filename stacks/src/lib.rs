//! DocuThinker itself: its settings and its stacks.
//!
//! Start at [`build`]; each stack then reads like the component list of a README.

pub mod dns;
pub mod docuthinker;
pub mod edge;
pub mod exceptions;
pub mod foundation;
pub mod pipeline;
pub mod plan;
pub mod portable;
pub mod settings;

use constructs::web_acl::CLOUDFRONT_REGION;
use constructs::{App, StackOptions};
use serde_json::{Value, json};

use crate::dns::Dns;
use crate::docuthinker::{DocuThinker, Inputs};
use crate::edge::Edge;
use crate::foundation::Foundation;
use crate::pipeline::Delivery;
use crate::plan::Plan;
use crate::portable::Portable;

pub use settings::Settings;

/// The built-in environments: what each changes in the settings of production.
pub fn environments() -> Vec<(&'static str, Value)> {
    vec![
        ("prod", json!({"tags": {"Environment": "prod"}})),
        ("dr", json!({"region": "us-west-2", "tags": {"Environment": "dr"}})),
        (
            "staging",
            json!({
                "name": "docuthinker-staging",
                "stack_suffix": "-staging",
                "tags": {"Environment": "staging"},
                "removal": "delete",
                "deletion_protection": false,
                "customer_key": false,
                "network": {"nat": "single"},
                "logs": {"retention_days": 7},
                "secrets": {"prefix": "docuthinker-staging"},
                "backend": {"scaling": {"min": 1, "max": 4}},
                "ai_ml": {"scaling": {"min": 1, "max": 4}},
            }),
        ),
        (
            "dev",
            json!({
                "name": "docuthinker-dev",
                "stack_suffix": "-dev",
                "tags": {"Environment": "dev"},
                "removal": "delete",
                "deletion_protection": false,
                "customer_key": false,
                "network": {"mode": "public", "flow_logs": false},
                "load_balancer": {"access_logs": false, "waf": {"enabled": false}},
                "logs": {"retention_days": 7},
                "watch": {"alarms": {"enabled": false}, "dashboard": false},
                "secrets": {"prefix": "docuthinker-dev"},
                "backend": {"cpu": 256, "memory": 512, "scaling": {"min": 1, "max": 4}, "spot": {"base": 1}},
                "ai_ml": {"cpu": 256, "memory": 1024, "scaling": {"min": 1, "max": 4}, "spot": {"base": 1}},
            }),
        ),
    ]
}

/// What keeps an environment of the user's own apart from the others of the account: its names.
pub fn other_environment(name: &str) -> Value {
    json!({
        "name": format!("docuthinker-{name}"),
        "stack_suffix": format!("-{name}"),
        "tags": {"Environment": name},
        "secrets": {"prefix": format!("docuthinker-{name}")},
    })
}

/// Adds DocuThinker's stacks to `app`.
pub fn build(app: &mut App, settings: &Settings) {
    let plan = Plan::new(app, settings);
    let foundation: Foundation = app.stack(
        options(settings, "DocuThinkerFoundation", "DocuThinker: image repositories and secrets"),
        &plan,
    );
    let main =
        options(settings, "DocuThinkerStack", "DocuThinker: network, load balancer and the two services");
    let inputs = Inputs { plan, foundation };
    let docuthinker: DocuThinker = app.stack(main, &inputs);
    let Inputs { plan, foundation } = inputs;
    // What the pipeline deploys; images and secrets are there before it.
    let mut stacks = vec!["DocuThinkerStack"];
    if plan.front_door.fails_over() {
        let description = "DocuThinker: this region's record of a name that two share";
        let inputs = dns::Inputs { plan: plan.clone(), alb: docuthinker.alb };
        let _: Dns = app.stack(options(settings, "DocuThinkerDns", description), &inputs);
        stacks.push("DocuThinkerDns");
    }
    if let Some(edge) = plan.edge.clone() {
        let description = "DocuThinker: CloudFront before the load balancer";
        let options = StackOptions {
            region: Some(CLOUDFRONT_REGION.to_owned()),
            // Callers must not be sent to a region that failed; no reference says so, since the origin is a name.
            depends_on: stacks.iter().copied().map(str::to_owned).collect(),
            ..options(settings, "DocuThinkerEdge", description)
        };
        let _: Edge = app.stack(options, &edge::Inputs { plan: plan.clone(), edge });
        stacks.push("DocuThinkerEdge");
    }
    if let Some(pipeline) = plan.pipeline.clone() {
        let description = "DocuThinker: the pipeline that tests, builds and deploys";
        let options = StackOptions {
            // A new pipeline runs at once, and would deploy them at the same time as we do.
            depends_on: stacks.iter().copied().map(str::to_owned).collect(),
            ..options(settings, "DocuThinkerPipeline", description)
        };
        let _: Delivery = app.stack(options, &pipeline::Inputs { plan, pipeline, foundation, stacks });
    }
}

/// Adds the portable template to `app`.
pub fn build_portable(app: &mut App) {
    let description = "DocuThinker backend and ai-ml ECS services on Fargate, for a network that exists";
    let options =
        StackOptions { description: Some(description.to_owned()), ..StackOptions::named("fargate-service") };
    let _: Portable = app.stack(options, &());
}

fn options(settings: &Settings, id: &str, description: &str) -> StackOptions {
    StackOptions {
        id: id.to_owned(),
        name: format!("{id}{}", settings.stack_suffix),
        description: Some(description.to_owned()),
        region: Some(settings.region.clone()),
        account: settings.account.clone(),
        tags: settings.tags.clone().into_iter().collect(),
        termination_protection: settings.deletion_protection,
        ..StackOptions::default()
    }
}
