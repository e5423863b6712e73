//! The infrastructure of {{name}}: a service behind a load balancer.
//!
//! ```sh
//! cargo run --no-default-features -- synth     # the template
//! cargo run -- deploy --local                  # to an emulator on this machine
//! ```

use std::process::ExitCode;

use constructs::{
    Alb, App, Cluster, FargateService, Image, Listener, LogGroup, Nat, Port, Scope, Stack,
    StackOptions, Tier, Vpc, cidr, fargate, port, retention, sub,
};
use docuthinker::Project;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What can be set in `docuthinker.yaml`; these are the values of production.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The region that the stack is for.
    region: String,
    /// What is behind the stack's name, so that environments in one account never meet.
    suffix: String,
    /// The image of the service, with its tag or digest.
    image: String,
    /// The port that its container listens on.
    #[schemars(range(min = 1, max = 65535))]
    port: u16,
    /// The path that answers with 200 while the service is well.
    health: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            region: "{{region}}".to_owned(),
            suffix: String::new(),
            image: "public.ecr.aws/nginx/nginx-unprivileged:1.29".to_owned(),
            port: 8080,
            health: "/".to_owned(),
        }
    }
}

/// The stack.
struct {{Stack}};

impl Stack for {{Stack}} {
    type Settings = Settings;

    fn build(s: &mut Scope<'_>, settings: &Settings) -> {{Stack}} {
        let port = match Port::new(settings.port.into()) {
            Ok(port) => port,
            Err(problem) => {
                s.error("PORT", problem.to_string())
                    .hint("set `port` to a number from 1 to 65535");
                return {{Stack}};
            }
        };
        let vpc = Vpc::named("Vpc")
            .cidr(cidr!("10.0.0.0/16"))
            .tiers([
                Tier::public([cidr!("10.0.1.0/24"), cidr!("10.0.2.0/24")]),
                Tier::private([cidr!("10.0.11.0/24"), cidr!("10.0.12.0/24")]),
            ])
            .nat(Nat::Single)
            .build(s);
        let cluster = Cluster::named("Cluster").build(s);
        let logs = LogGroup::named("WebLogs")
            .retention(retention!(30))
            .build(s);
        let web = FargateService::named("Web")
            .cluster(cluster)
            .vpc(&vpc)
            .size(fargate!(256, 512))
            .image(Image::registry(settings.image.as_str()))
            .port(port)
            .health_check(settings.health.as_str())
            .log_group(logs)
            .build(s);
        let alb = Alb::named("Alb").vpc(&vpc).build(s);
        alb.listen(s, Listener::http(port!(80)).forward(&web));
        s.output(
            "WebURL",
            sub!("http://{}", alb.dns_name()),
            "Address of the service",
        );
        {{Stack}}
    }
}

/// What the command line needs to know.
struct Infrastructure;

impl Project for Infrastructure {
    type Settings = Settings;

    fn build(app: &mut App, settings: &Settings) {
        let options = StackOptions {
            name: format!("{{Stack}}{}", settings.suffix),
            description: Some("A service behind a load balancer".to_owned()),
            region: Some(settings.region.clone()),
            ..StackOptions::named("{{Stack}}")
        };
        let _: {{Stack}} = app.stack(options, settings);
    }

    fn environments() -> Vec<(&'static str, Value)> {
        vec![("dev", json!({ "suffix": "-dev" }))]
    }

    fn other_environment(name: &str) -> Value {
        json!({ "suffix": format!("-{name}") })
    }
}

fn main() -> ExitCode {
    docuthinker::main::<Infrastructure>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_behind_the_load_balancer() {
        let mut app = App::new();
        Infrastructure::build(&mut app, &Settings::default());
        let assembly = app.synth();
        assert!(
            assembly.diagnostics.is_empty(),
            "{:?}",
            assembly.diagnostics
        );
        let template = &assembly.stacks[0].template;
        assert_eq!(
            template.resources["WebService"].type_name,
            "AWS::ECS::Service"
        );
        assert!(template.outputs.contains_key("WebURL"));
    }
}
