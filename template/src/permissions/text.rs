//! What a node comes to in a stack, as a pattern: `*` stands for what is not known.

use super::Deployment;
use crate::node::{Function, Node};

/// The patterns of a value: more than one where a condition chooses.
pub(super) fn patterns(node: &Node, deployment: &Deployment<'_>) -> Vec<String> {
    match node {
        Node::Call(Function::If, argument) => {
            let branches = argument.as_list().unwrap_or_default().iter().skip(1);
            branches.flat_map(|branch| patterns(branch, deployment)).collect()
        }
        Node::Call(Function::Ref, target) if target.as_str() == Some("AWS::NoValue") => vec![],
        _ => vec![pattern(node, deployment)],
    }
}

fn pattern(node: &Node, deployment: &Deployment<'_>) -> String {
    match node {
        // CloudFormation puts these in, from where we cannot see.
        Node::String(text) if text.contains("{{resolve:") => "*".to_owned(),
        Node::Call(Function::Ref, target) => pseudo(target.as_str().unwrap_or_default(), deployment),
        Node::Call(Function::Sub, argument) => {
            let text = argument.as_list().and_then(<[Node]>::first).unwrap_or(argument);
            text.as_str().map_or_else(|| "*".to_owned(), |text| substituted(text, deployment))
        }
        Node::Call(Function::Join, argument) => match argument.as_list() {
            Some([Node::String(separator), Node::List(parts)]) => {
                let parts: Vec<String> = parts.iter().map(|part| pattern(part, deployment)).collect();
                parts.join(separator)
            }
            _ => "*".to_owned(),
        },
        _ => node.scalar_text().map_or_else(|| "*".to_owned(), Into::into),
    }
}

fn substituted(text: &str, deployment: &Deployment<'_>) -> String {
    let mut parts = text.split("${");
    let mut done = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((name, rest)) => {
                done.push_str(&pseudo(name.trim(), deployment));
                done.push_str(rest);
            }
            None => done.push('*'),
        }
    }
    done
}

/// A pseudo parameter; of anything else it is not known here what it will be.
fn pseudo(name: &str, deployment: &Deployment<'_>) -> String {
    match name {
        "AWS::StackName" => deployment.stack,
        "AWS::Region" => deployment.region.unwrap_or("*"),
        "AWS::AccountId" => deployment.account.unwrap_or("*"),
        "AWS::Partition" => deployment.partition(),
        _ => "*",
    }
    .to_owned()
}
