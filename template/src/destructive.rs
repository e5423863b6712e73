//! What is destructive: one definition, for who compares templates and for who deploys.
//!
//! A change is destructive if something that holds or serves is removed, if it is replaced or may be, or if data is given
//! up. Every resource is taken for one that holds or serves, except revisions: a new one takes nothing from anybody.

use crate::diff::{Action, Changes, Consequence, GivenUp, GivenUpKind};

/// Types of which each resource is an immutable revision of something else: what changes makes another one.
///
/// Source: the types' pages in the [resource type reference][aws]; of a task definition and a job definition each change
/// registers a revision, a launch configuration cannot be changed.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
const REVISIONS: [&str; 16] = [
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGatewayV2::Deployment",
    "AWS::AppConfig::HostedConfigurationVersion",
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::Batch::JobDefinition",
    "AWS::Bedrock::FlowVersion",
    "AWS::Bedrock::GuardrailVersion",
    "AWS::Bedrock::PromptVersion",
    "AWS::ECS::TaskDefinition",
    "AWS::ImageBuilder::ContainerRecipe",
    "AWS::ImageBuilder::ImageRecipe",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Version",
    "AWS::Lex::BotVersion",
    "AWS::SageMaker::EndpointConfig",
    "AWS::StepFunctions::StateMachineVersion",
];

/// How a resource goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goes {
    /// The stack no longer has it.
    Removed {
        /// Whether another resource of its type is added with the same update. Of a revision, that is the next one
        /// (some tools give each a logical ID of its own).
        renewed: bool,
    },
    /// Another one takes its place, or may.
    Replaced,
}

/// Whether each resource of this type is an immutable revision.
pub fn is_revision(type_name: &str) -> bool {
    REVISIONS.binary_search(&type_name).is_ok()
}

/// Whether it is destructive that a resource goes.
pub fn is_destructive(type_name: &str, goes: Goes) -> bool {
    match goes {
        Goes::Removed { renewed } => !(renewed && is_revision(type_name)),
        Goes::Replaced => !is_revision(type_name),
    }
}

/// Whether data is given up by resources that stay.
pub fn gives_up_data(given_up: &[GivenUp]) -> bool {
    given_up.iter().any(|one| one.kind == GivenUpKind::Data)
}

impl Changes {
    /// Whether the update is destructive. What CloudFormation refuses is not: nothing of it is done.
    pub fn are_destructive(&self) -> bool {
        let alive = || self.resources.iter().filter(|change| !change.dormant);
        let renewed = |type_name: &str| {
            alive().any(|other| other.action == Action::Added && other.type_name == type_name)
        };
        let goes = alive().any(|change| {
            let goes = match change.action {
                Action::Removed => Goes::Removed { renewed: renewed(&change.type_name) },
                Action::Changed if change.consequence.is_some_and(Consequence::is_replacement) => {
                    Goes::Replaced
                }
                _ => return false,
            };
            is_destructive(&change.type_name, goes)
        });
        goes || gives_up_data(&self.given_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Template;
    use crate::{facts, stateful};

    #[track_caller]
    fn destructive(old: &str, new: &str) -> bool {
        let of = |resources: &str| {
            let text = format!("Resources: {{Topic: {{Type: AWS::SNS::Topic}}, {resources}}}");
            Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).template
        };
        crate::diff::diff(&of(old), &of(new)).are_destructive()
    }

    #[test]
    fn the_list_is_sorted_and_its_types_exist_and_hold_nothing() {
        assert!(REVISIONS.is_sorted());
        for name in REVISIONS {
            assert!(facts::resource(name).is_some() && stateful::holds(name, None).is_none(), "{name}");
        }
    }

    #[test]
    fn what_holds_or_serves_is_missed() {
        let queue = "Q: {Type: AWS::SQS::Queue, Properties: {QueueName: a}}";
        assert!(destructive(queue, &queue.replace("QueueName: a", "QueueName: b")), "a queue holds messages");
        assert!(destructive(queue, ""));
        assert!(destructive("L: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}", ""));
        let balancer = "L: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: a}}";
        assert!(destructive(balancer, &balancer.replace("Name: a", "Name: b")), "its address is lost");
        let logs = "G: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}";
        assert!(destructive(logs, &logs.replace("30", "7")));
        assert!(!destructive(logs, &logs.replace("30", "60")));
        assert!(!destructive("", queue));
    }

    #[test]
    fn a_new_revision_takes_nothing_away() {
        let task = "T: {Type: AWS::ECS::TaskDefinition, Properties: {Cpu: 256}}";
        assert!(!destructive(task, &task.replace("256", "512")));
        let version = "V1: {Type: AWS::Lambda::Version, Properties: {FunctionName: f}}";
        assert!(!destructive(version, &version.replace("V1", "V2").replace("name: f", "name: g")));
        assert!(destructive(version, ""), "nothing comes for it");
    }

    #[test]
    fn what_is_refused_destroys_nothing() {
        assert!(!destructive("R: {Type: AWS::SQS::Queue}", "R: {Type: AWS::SNS::Topic}"));
    }
}
