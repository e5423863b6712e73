//! The template as such: version, names, limits, parameters, mappings, outputs, policies.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Checker, basics, choose_one_of, did_you_mean, shown};
use crate::document::Parameter;
use crate::graph::Element;
use crate::limits;
use crate::nearest::nearest;
use crate::node::Node;
use crate::path::Path;

/// The [types of parameters][aws] without those that name a kind of AWS resource.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
const PARAMETER_TYPES: [&str; 4] = ["String", "Number", "List<Number>", "CommaDelimitedList"];

/// The parameter types that name a kind of AWS resource, or a value that must exist in the account (same source
/// as [`PARAMETER_TYPES`], and [supplied parameter types][aws]). Each also exists as `List<…>`.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
const RESOURCE_PARAMETER_TYPES: [&str; 11] = [
    "String",
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::Volume::Id",
    "AWS::EC2::VPC::Id",
    "AWS::Route53::HostedZone::Id",
];

/// What `DeletionPolicy` takes. Source: [DeletionPolicy attribute][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
const DELETION_POLICIES: [&str; 4] = ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"];

/// What `UpdateReplacePolicy` takes. Source: [UpdateReplacePolicy attribute][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
const REPLACE_POLICIES: [&str; 3] = ["Delete", "Retain", "Snapshot"];

impl Checker<'_> {
    pub(super) fn structure(&mut self) {
        self.version_and_resources();
        self.limits();
        self.names();
        for (name, parameter) in &self.template.parameters {
            self.parameter(&Path::of(["Parameters", name]), parameter);
        }
        self.mappings();
        self.policies();
        self.outputs();
        self.unused();
    }

    fn version_and_resources(&mut self) {
        let template = self.template;
        if let Some(version) = template.format_version.as_deref().filter(|version| *version != "2010-09-09") {
            let message = format!("there is no template version `{}`", shown(version));
            let hint = Some("the only one is 2010-09-09".to_owned());
            self.find(&basics::BAD_TEMPLATE, &Path::of(["AWSTemplateFormatVersion"]), message, hint);
        }
        if template.resources.is_empty() && !template.has_macros() && template.loops.is_empty() {
            let hint = Some("CloudFormation wants at least one".to_owned());
            self.find(&basics::BAD_TEMPLATE, &Path::new(), "the template has no resources", hint);
        }
    }

    fn limits(&mut self) {
        for excess in limits::exceeded(self.template) {
            let limits::Excess { path, what, found, most } = excess;
            let hint = match what {
                "resources" => Some("split the stack into several".to_owned()),
                _ => None,
            };
            self.find(
                &basics::LIMIT,
                &path,
                format!("{found} {what} are more than the {most} allowed"),
                hint,
            );
        }
    }

    fn names(&mut self) {
        let template = self.template;
        let of = |section: &'static str, name: &str| (section, name.to_owned());
        let names = template.parameters.keys().map(|name| of("Parameters", name));
        let names = names.chain(template.resources.keys().map(|name| of("Resources", name)));
        let names = names.chain(template.outputs.keys().map(|name| of("Outputs", name)));
        for (section, name) in names {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let message =
                    format!("the name `{}` has other characters than letters and digits", shown(&name));
                let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
                let hint = (!letters.is_empty()).then(|| format!("for example `{letters}`"));
                self.find(&basics::BAD_NAME, &Path::of([section, &name]), message, hint);
            }
        }
        for name in template.resources.keys().filter(|name| template.parameters.contains_key(name)) {
            let message = format!("`{name}` is the name of a parameter and of a resource");
            self.find(
                &basics::BAD_NAME,
                &Path::of(["Resources", name]),
                message,
                Some("rename one of them".to_owned()),
            );
        }
    }

    fn parameter(&mut self, path: &Path, parameter: &Parameter) {
        // That there is none is told elsewhere.
        if !parameter.type_name.is_empty() && !is_parameter_type(&parameter.type_name) {
            let known = PARAMETER_TYPES.into_iter().chain(RESOURCE_PARAMETER_TYPES);
            let hint = did_you_mean(nearest(&parameter.type_name, known))
                .or_else(|| choose_one_of(PARAMETER_TYPES.into_iter()));
            let message = format!("there is no parameter type `{}`", shown(&parameter.type_name));
            self.find(&basics::BAD_DECLARATION, &path.key("Type"), message, hint);
        }
        let Some(default) = &parameter.default else { return };
        let path = path.key("Default");
        let Some(text) = default.scalar_text() else {
            let message = format!("a default must be a single value, but this is {}", default.kind());
            let hint = Some("write a list as text with commas".to_owned());
            return self.find(&basics::BAD_DECLARATION, &path, message, hint);
        };
        if parameter.type_name == "Number" && text.parse::<f64>().is_err() {
            let message = format!("the default `{}` is not a number", shown(&text));
            self.find(&basics::BAD_DECLARATION, &path, message, None);
        }
        if let Some(Node::List(allowed)) = parameter.attributes.get("AllowedValues") {
            let allowed: Vec<_> = allowed.iter().filter_map(Node::scalar_text).collect();
            let is_list = parameter.type_name.contains("List");
            let mut values = text.split(',').map(str::trim);
            let fits = allowed.contains(&text)
                || (is_list && values.all(|value| allowed.iter().any(|one| one == value)));
            if !fits {
                let message = format!("the default `{}` is not one of the allowed values", shown(&text));
                let hint = choose_one_of(allowed.iter().map(AsRef::as_ref));
                self.find(&basics::BAD_DECLARATION, &path, message, hint);
            }
        }
        self.default_fits(&path, parameter, &text);
    }

    fn mappings(&mut self) {
        for (name, mapping) in &self.template.mappings {
            let path = Path::of(["Mappings", name]);
            // `Fn::Transform` may bring the keys.
            let Node::Map(keys) = mapping else {
                if !matches!(mapping, Node::Call(..)) {
                    self.mapping_shape(&path, mapping);
                }
                continue;
            };
            for (key, inner) in keys.iter().filter(|(key, _)| *key != "Fn::Transform") {
                match inner {
                    Node::Map(values) => {
                        for (inner_key, value) in values {
                            if matches!(value, Node::Map(_) | Node::Null) {
                                let message =
                                    format!("a mapping holds text and lists, but this is {}", value.kind());
                                self.find(
                                    &basics::BAD_DECLARATION,
                                    &path.key(key).key(inner_key),
                                    message,
                                    None,
                                );
                            }
                        }
                    }
                    Node::Call(..) => {}
                    other => self.mapping_shape(&path.key(key), other),
                }
            }
        }
    }

    fn mapping_shape(&mut self, path: &Path, node: &Node) {
        let message = format!("a mapping has two levels of keys, but this is {}", node.kind());
        self.find(&basics::BAD_DECLARATION, path, message, None);
    }

    fn policies(&mut self) {
        for (id, resource) in &self.template.resources {
            let policies = [
                ("DeletionPolicy", &resource.deletion_policy, &DELETION_POLICIES[..]),
                ("UpdateReplacePolicy", &resource.update_replace_policy, &REPLACE_POLICIES[..]),
            ];
            for (key, policy, known) in policies {
                let Some(policy) = policy else { continue };
                let message = match policy {
                    Node::Call(..) => continue,
                    Node::String(text) if known.contains(&text.as_str()) => continue,
                    Node::String(text) => format!("there is no {key} `{}`", shown(text)),
                    other => format!("{key} takes text, but this is {}", other.kind()),
                };
                let hint = choose_one_of(known.iter().copied());
                self.find(&basics::BAD_POLICY, &Path::of(["Resources", id, key]), message, hint);
            }
        }
    }

    fn outputs(&mut self) {
        let mut exports = BTreeMap::new();
        for (name, output) in &self.template.outputs {
            let path = Path::of(["Outputs", name]);
            if matches!(output.value, Node::List(_) | Node::Map(_) | Node::Null) {
                let message = format!("an output is text, but this is {}", output.value.kind());
                let hint = Some("join a list with `!Join [\",\", …]`".to_owned());
                self.find(&basics::BAD_DECLARATION, &path.key("Value"), message, hint);
            }
            let Some(Node::String(export)) = &output.export else { continue };
            if let Some(other) = exports.insert(export, name) {
                let message = format!("the output `{other}` is exported as `{}` already", shown(export));
                let hint = Some("an export's name is unique in its account and region".to_owned());
                self.find(&basics::BAD_DECLARATION, &path.key("Export"), message, hint);
            }
        }
    }

    fn unused(&mut self) {
        let template = self.template;
        let all = [template.parameters.len(), template.conditions.len(), template.mappings.len()];
        // What a macro uses cannot be seen.
        if template.has_macros() || all == [0, 0, 0] {
            return;
        }
        let graph = self.model.graph();
        let used: BTreeSet<&Element> = graph.edges().iter().filter_map(|edge| edge.to.as_ref()).collect();
        // A name that comes out of an expression may be any.
        let maps_are_computed = graph_has_computed_maps(template);
        let declared = template.parameters.keys().map(|name| ("parameter", Element::Parameter(name.clone())));
        let declared = declared
            .chain(template.conditions.keys().map(|name| ("condition", Element::Condition(name.clone()))));
        let mappings = template.mappings.keys().filter(|_| !maps_are_computed);
        let declared = declared.chain(mappings.map(|name| ("mapping", Element::Mapping(name.clone()))));
        for (what, element) in declared {
            if !used.contains(&element) {
                let message = format!("nothing uses the {what} `{}`", shown(element.name()));
                self.find(&basics::UNUSED, &element.path(), message, Some("remove it".to_owned()));
            }
        }
    }
}

/// Whether some `Fn::FindInMap` or loop computes the name of its map.
fn graph_has_computed_maps(template: &crate::document::Template) -> bool {
    let mut computed = !template.loops.is_empty();
    crate::visit::calls(template, &mut |_, function, argument| {
        if function == crate::node::Function::FindInMap {
            let literal =
                matches!(argument, Node::List(items) if matches!(items.first(), Some(Node::String(_))));
            computed |= !literal;
        }
    });
    computed
}

fn is_parameter_type(name: &str) -> bool {
    let inner = |name: &str, around: &str| -> Option<String> {
        Some(name.strip_prefix(around)?.strip_prefix('<')?.strip_suffix('>')?.to_owned())
    };
    let of_resource = |name: &str| RESOURCE_PARAMETER_TYPES.contains(&name);
    if let Some(value) = inner(name, "AWS::SSM::Parameter::Value") {
        return of_resource(&value)
            || value == "CommaDelimitedList"
            || inner(&value, "List").is_some_and(|item| of_resource(&item));
    }
    PARAMETER_TYPES.contains(&name)
        || of_resource(name)
        || name == "AWS::SSM::Parameter::Name"
        || inner(name, "List").is_some_and(|item| of_resource(&item))
}
