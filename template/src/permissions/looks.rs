//! What outside of the stacks is looked at before a deployment, as far as the templates name it: the repositories of
//! images, secrets and certificates.

use super::text::patterns;
use super::{Deployment, uses};
use crate::document::Resource;
use crate::graph::{SubPart, sub_parts};
use crate::node::{Function, Node};

const REPOSITORY: &str = "arn:${Partition}:ecr:${Region}:${Account}:repository/*";
const SECRET: &str = "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:*";
const SECRET_TYPE: &str = "AWS::SecretsManager::Secret";
const CERTIFICATE: &str = "arn:${Partition}:acm:${Region}:${Account}:certificate/*";

/// A resource of one of the stacks, with the stack that makes it.
struct Target<'a> {
    id: &'a str,
    resource: &'a Resource,
    of: Deployment<'a>,
}

impl Target<'_> {
    /// Its ARNs, if it is of this type.
    fn arns(&self, type_name: &str, form: &str) -> Option<Vec<String>> {
        (self.resource.type_name == type_name).then(|| uses::own(self.id, self.resource, form, &self.of))
    }
}

/// The repositories that the images of the stack's containers are in.
pub(super) fn repositories<'a>(deployment: &Deployment<'a>, all: &[Deployment<'a>]) -> Vec<String> {
    let mut found = Vec::new();
    for node in below(deployment, "AWS::ECS::TaskDefinition", &["Image"]) {
        let own = targets(node, deployment, all).into_iter();
        let own: Vec<String> =
            own.filter_map(|target| target.arns("AWS::ECR::Repository", REPOSITORY)).flatten().collect();
        if own.is_empty() {
            found.extend(patterns(node, deployment).iter().filter_map(|image| repository(image, deployment)));
        }
        found.extend(own);
    }
    found
}

/// The repository that an image is in: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`. None if it is none of ECR's; any of
/// any region and account where only the deployment tells.
///
/// Source: [Private registries][aws] in the ECR user guide.
///
/// [aws]: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
fn repository(image: &str, deployment: &Deployment<'_>) -> Option<String> {
    let partition = deployment.partition();
    let any = || Some(format!("arn:{partition}:ecr:*:*:repository/*"));
    let Some((host, path)) = image.split_once('/') else {
        return if image.starts_with('*') { any() } else { None };
    };
    let mut labels = host.split('.');
    let (account, next) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    let region = match next {
        "dkr" => labels.nth(1),
        "dkr-ecr" | "dkr-ecr-fips" => labels.next(),
        _ if host.contains('*') => return any(),
        _ => return None,
    };
    let name = path.split(['@', ':']).next().unwrap_or_default();
    Some(format!("arn:{partition}:ecr:{}:{account}:repository/{name}", region.unwrap_or("*")))
}

/// The secrets that the stack makes, and those that its containers and its dynamic references read.
pub(super) fn secrets<'a>(deployment: &Deployment<'a>, all: &[Deployment<'a>]) -> Vec<String> {
    let made = deployment.template.resources.iter().filter(|(_, resource)| resource.type_name == SECRET_TYPE);
    let mut found: Vec<String> =
        made.flat_map(|(id, resource)| uses::own(id, resource, SECRET, deployment)).collect();
    for node in below(deployment, "AWS::ECS::TaskDefinition", &["ValueFrom", "CredentialsParameter"]) {
        let own = targets(node, deployment, all).into_iter();
        let own: Vec<String> = own.filter_map(|target| target.arns(SECRET_TYPE, SECRET)).flatten().collect();
        if own.is_empty() {
            found.extend(patterns(node, deployment).iter().flat_map(|from| secret(from, deployment)));
        }
        found.extend(own);
    }
    for resource in deployment.template.resources.values() {
        resource.properties.values().for_each(|node| dynamic(node, deployment, all, &mut found));
    }
    found
}

/// The secret that a container is given by this: with or without the letters that Secrets Manager puts after its name.
/// None if it is a parameter of Systems Manager.
fn secret(from: &str, deployment: &Deployment<'_>) -> Vec<String> {
    if from.starts_with('*') {
        return vec![deployment.filled(SECRET)];
    }
    let parts: Vec<&str> = from.split(':').collect();
    let is_secret = parts.len() >= 7 && parts[0] == "arn" && ["secretsmanager", "*"].contains(&parts[2]);
    if !is_secret {
        return vec![];
    }
    let arn = parts[..7].join(":");
    let full = arn.rsplit_once('-').is_some_and(|(_, end)| end.len() == 6) || arn.ends_with('*');
    if full { vec![arn] } else { vec![format!("{arn}-??????"), arn] }
}

/// `{{resolve:secretsmanager:ID:…}}`, anywhere.
fn dynamic<'a>(node: &'a Node, deployment: &Deployment<'a>, all: &[Deployment<'a>], found: &mut Vec<String>) {
    match node {
        Node::String(text) => {
            for reference in text.split("{{resolve:secretsmanager:").skip(1) {
                let inside = reference.split("}}").next().unwrap_or_default();
                if inside.starts_with("arn:") {
                    found.extend(secret(inside, deployment));
                } else {
                    // Within `Fn::Sub` or `Fn::Join` a part of the name may be put in.
                    let name = inside.split([':', '$']).next().unwrap_or_default();
                    let rest = if inside.contains('$') || name.is_empty() { "*" } else { "-??????" };
                    found.push(deployment.filled(SECRET).replacen(
                        "secret:*",
                        &format!("secret:{name}{rest}"),
                        1,
                    ));
                }
            }
        }
        Node::List(items) => items.iter().for_each(|item| dynamic(item, deployment, all, found)),
        Node::Map(map) => map.values().for_each(|node| dynamic(node, deployment, all, found)),
        // Put together with the ARN of a secret that one of the stacks makes.
        Node::Call(Function::Join | Function::Sub, argument) => {
            let own = targets(node, deployment, all).into_iter();
            let own: Vec<String> =
                own.filter_map(|target| target.arns(SECRET_TYPE, SECRET)).flatten().collect();
            if own.is_empty() {
                dynamic(argument, deployment, all, found);
            }
            found.extend(own);
        }
        Node::Call(_, argument) => dynamic(argument, deployment, all, found),
        _ => {}
    }
}

/// The certificates that listeners and distributions are given. That of a distribution is in one region, whatever the
/// stack's; of one that a stack makes, only the region and the account are known.
///
/// Source: [Requirements for using certificates with CloudFront][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
pub(super) fn certificates(deployment: &Deployment<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (type_name, key, region) in [
        ("AWS::CloudFront::Distribution", "AcmCertificateArn", Some("us-east-1")),
        ("AWS::ElasticLoadBalancingV2::Listener", "CertificateArn", deployment.region),
        ("AWS::ElasticLoadBalancingV2::ListenerCertificate", "CertificateArn", deployment.region),
    ] {
        let any = || Deployment { region, ..*deployment }.filled(CERTIFICATE);
        for node in below(deployment, type_name, &[key]) {
            let of_iam = |arn: &String| arn.contains(":server-certificate/");
            let arns = patterns(node, deployment).into_iter().filter(|arn| !of_iam(arn));
            found.extend(arns.map(|arn| if arn.starts_with("arn:") { arn } else { any() }));
        }
    }
    found
}

/// What stands below one of these keys, anywhere within the properties of the resources of a type.
fn below<'a>(deployment: &Deployment<'a>, type_name: &str, keys: &[&str]) -> Vec<&'a Node> {
    let of_type = deployment.template.resources.values().filter(|resource| resource.type_name == type_name);
    let mut found = Vec::new();
    for resource in of_type {
        for (key, node) in &resource.properties {
            collect(key, node, keys, &mut found);
        }
        // What a macro gives may have any.
        if let Some(node) = resource.properties.get("Fn::Transform") {
            found.push(node);
        }
    }
    found
}

fn collect<'a>(key: &str, node: &'a Node, keys: &[&str], found: &mut Vec<&'a Node>) {
    if keys.contains(&key) {
        found.push(node);
        return;
    }
    match node {
        Node::List(items) => items.iter().for_each(|item| collect(key, item, keys, found)),
        Node::Map(map) => map.iter().for_each(|(key, node)| collect(key, node, keys, found)),
        Node::Call(Function::If, argument) => {
            let branches = argument.as_list().unwrap_or_default().iter().skip(1);
            branches.for_each(|branch| collect("", branch, keys, found));
        }
        _ => {}
    }
}

/// The resources that a value names, also by way of an export of another of the stacks.
fn targets<'a>(node: &'a Node, deployment: &Deployment<'a>, all: &[Deployment<'a>]) -> Vec<Target<'a>> {
    let mut found = Vec::new();
    let mut open = vec![(node, *deployment)];
    // An export can lead to another one, but not for ever.
    let mut steps = 0;
    while let Some((node, of)) = open.pop() {
        steps += 1;
        if steps > 1000 {
            break;
        }
        let mut own = |id: &str| {
            if let Some((id, resource)) = of.template.resources.get_key_value(id) {
                found.push(Target { id, resource, of });
            }
        };
        match node {
            Node::Call(Function::Ref, argument) => own(argument.as_str().unwrap_or_default()),
            Node::Call(Function::GetAtt, argument) => {
                let id = argument.as_list().and_then(<[Node]>::first).and_then(Node::as_str);
                own(id.unwrap_or_default());
            }
            Node::Call(Function::ImportValue, argument) => open.extend(exported(argument, &of, all)),
            Node::Call(Function::Sub, argument) => {
                let text = argument.as_list().and_then(<[Node]>::first).unwrap_or(argument);
                for part in sub_parts(text.as_str().unwrap_or_default()) {
                    if let SubPart::Variable(variable) = part {
                        own(variable.split('.').next().unwrap_or_default());
                    }
                }
                let variables = argument.as_list().and_then(|parts| parts.get(1)?.as_map());
                open.extend(variables.into_iter().flat_map(crate::node::Map::values).map(|node| (node, of)));
            }
            Node::Call(_, argument) => open.push((&**argument, of)),
            Node::List(items) => open.extend(items.iter().map(|item| (item, of))),
            _ => {}
        }
    }
    found
}

/// What one of the stacks exports under this name.
fn exported<'a>(
    name: &Node,
    importer: &Deployment<'a>,
    all: &[Deployment<'a>],
) -> Option<(&'a Node, Deployment<'a>)> {
    let wanted = patterns(name, importer).into_iter().next()?;
    all.iter().find_map(|of| {
        let outputs = of.template.outputs.values();
        let mut named = outputs.filter_map(|output| Some((output.export.as_ref()?, &output.value)));
        let (_, value) = named.find(|(export, _)| patterns(export, of).contains(&wanted))?;
        Some((value, *of))
    })
}
