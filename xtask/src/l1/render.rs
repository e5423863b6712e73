//! Writes the structs as Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use template::facts::TagShape;

use crate::codegen::{Output, header};

use super::model::{Attribute, Field, Resource, Shape, Struct};
use super::typing::Names;

const FOLDER: &str = "constructs/src/l1";

/// `mod.rs`: the list of services.
pub(crate) fn index<'a>(modules: impl Iterator<Item = &'a str>) -> Output {
    let mut text = header("//");
    text.push_str(
        "//! One plain struct per resource type, generated from AWS's own schemas: every property optional, every\n\
         //! value typed by what it names. The constructs are built on these; what they do not offer is set here.\n\n\
         #![expect(clippy::doc_markdown, reason = \"AWS writes its names without backticks\")]\n\n",
    );
    for module in modules {
        let _ = writeln!(text, "pub mod {module};");
    }
    text.push_str("\n#[cfg(test)]\nmod structs;\n#[cfg(test)]\nmod tests;\n");
    Output::rust(format!("{FOLDER}/mod.rs"), text)
}

/// `structs.rs`, for the tests: every struct with its type and what it can say.
pub(crate) fn list(services: &BTreeMap<&str, Vec<Resource>>) -> Output {
    let mut text = header("//");
    text.push_str(
        "//! Every struct, for the tests.\n\nuse crate::{Resource, Tags};\n\n\
         /// Per struct: the type, the tag property, whether `Ref` is an ARN, and the properties.\n\
         pub(super) const STRUCTS: &[(&str, Tags, bool, &[&str])] = &[\n",
    );
    for (module, resources) in services {
        for resource in resources {
            let properties: Vec<&str> =
                resource.own.fields.iter().map(|field| field.property.as_str()).collect();
            let path = format!("<super::{module}::{} as Resource>", resource.own.name);
            let is_arn = matches!(resource.reference, Names::Arn { .. });
            let _ = writeln!(text, "({path}::TYPE, {path}::TAGS, {is_arn}, &{properties:?}),");
        }
    }
    text.push_str("];\n");
    Output::rust(format!("{FOLDER}/structs.rs"), text)
}

/// The file of one service.
pub(crate) fn service(module: &str, resources: &[Resource]) -> Output {
    let mut body = String::new();
    for marker in markers(module, resources) {
        let words = marker_doc(&marker);
        let _ = writeln!(body, "/// {words}\n#[derive(Debug)]\npub enum {marker} {{}}\n");
    }
    for resource in resources {
        write_resource(&mut body, module, resource);
    }
    let mut text = header("//");
    let types: Vec<String> = resources.iter().map(|resource| format!("`{}`", resource.type_name)).collect();
    let _ = writeln!(text, "//! {}.\n", sentence(&types));
    text.push_str(&imports(&body, module));
    text.push_str(&body);
    for resource in resources.iter().filter(|resource| !resource.nested.is_empty()) {
        let mut inner = String::new();
        for each in &resource.nested {
            write_struct(&mut inner, each, Home::NESTED);
        }
        let imports = imports(&inner, "");
        let _ = writeln!(
            text,
            "/// The nested types of [`{}`].\npub mod {} {{\n{imports}{inner}}}\n",
            resource.own.name, resource.module
        );
    }
    Output::rust(format!("{FOLDER}/{module}.rs"), text)
}

fn sentence(types: &[String]) -> String {
    match types {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The marker types that belong to the service: what its types' `Ref` and attributes return.
fn markers(module: &str, resources: &[Resource]) -> BTreeSet<String> {
    let returned = resources.iter().flat_map(|resource| {
        resource.attributes.iter().map(|attribute| &attribute.names).chain([&resource.reference])
    });
    returned
        .filter_map(|names| match names {
            Names::Marker { module: home, name } if home == module => Some(name.clone()),
            _ => None,
        })
        .collect()
}

fn marker_doc(marker: &str) -> String {
    match marker.strip_suffix("NameIdScope") {
        Some(resource) => {
            format!("What `Ref` of a `{resource}` returns: its name, id and scope, with `|` between.")
        }
        None => format!("What a `Value<{marker}>` names; there are no values of this type."),
    }
}

fn write_resource(text: &mut String, module: &str, resource: &Resource) {
    let own = &resource.own;
    write_struct(
        text,
        own,
        Home { service: module, nested: &resource.module, type_name: &resource.type_name },
    );
    let tags = resource.tags.as_ref().map_or_else(
        || "Tags::None".to_owned(),
        |tags| {
            let shape = match tags.shape {
                TagShape::List => "List",
                TagShape::Propagated => "Propagated",
                TagShape::Map => "Map",
            };
            format!("Tags::{shape}({:?})", tags.property)
        },
    );
    let reference = local(&resource.reference, module);
    let _ = writeln!(
        text,
        "impl Resource for {} {{\n    const TYPE: &'static str = {:?};\n    const TAGS: Tags = {tags};\n    type Ref = {reference};\n}}\n",
        own.name, resource.type_name
    );
    if resource.attributes.is_empty() {
        return;
    }
    let _ = writeln!(text, "impl Handle<{}> {{", own.name);
    for attribute in &resource.attributes {
        write_attribute(text, module, attribute);
    }
    text.push_str("}\n\n");
}

fn write_attribute(text: &mut String, module: &str, attribute: &Attribute) {
    let names = local(&attribute.names, module);
    let (kind, call) = if attribute.list { ("List", "list_attribute") } else { ("Value", "attribute") };
    let _ = writeln!(
        text,
        "    /// {}\n    #[must_use]\n    pub fn {}(self) -> {kind}<{names}> {{\n        self.{call}({:?})\n    }}\n",
        attribute.doc, attribute.name, attribute.spelled
    );
}

/// Where a struct stands.
#[derive(Clone, Copy)]
struct Home<'a> {
    /// The service's module, if the struct stands in it and not in one of nested types.
    service: &'a str,
    /// The module of the nested types, if they are not beside the struct.
    nested: &'a str,
    /// The resource type whose properties these are.
    type_name: &'a str,
}

impl Home<'_> {
    const NESTED: Home<'static> = Home { service: "", nested: "", type_name: "" };
}

fn write_struct(text: &mut String, each: &Struct, home: Home<'_>) {
    let _ = writeln!(text, "/// {}", if each.doc.is_empty() { &each.name } else { &each.doc });
    if !home.type_name.is_empty() {
        let _ = writeln!(text, "///\n/// The properties of an `{}`.", home.type_name);
    }
    let _ = writeln!(text, "#[derive(Debug, Clone, Default, Serialize)]\npub struct {} {{", each.name);
    for field in &each.fields {
        write_field(text, field, home);
    }
    text.push_str("}\n\n");
}

fn write_field(text: &mut String, field: &Field, home: Home<'_>) {
    for line in &field.doc {
        let _ = writeln!(text, "{}", format!("    /// {line}").trim_end());
    }
    let shape = shape(&field.shape, home);
    let _ = writeln!(
        text,
        "    #[serde(rename = {:?}, skip_serializing_if = \"Option::is_none\")]\n    pub {}: Option<{shape}>,",
        field.property, field.name
    );
}

/// The Rust type of a field.
fn shape(shape_of: &Shape, home: Home<'_>) -> String {
    match shape_of {
        Shape::Value(names) => format!("Value<{}>", local(names, home.service)),
        Shape::List(names) => format!("List<{}>", local(names, home.service)),
        Shape::Json => "Json".to_owned(),
        Shape::Tag => "Tag".to_owned(),
        Shape::Struct { name, boxed } => {
            let name = if home.nested.is_empty() { name.clone() } else { format!("{}::{name}", home.nested) };
            if *boxed { format!("Box<{name}>") } else { name }
        }
        Shape::Many(item) => format!("Vec<{}>", shape(item, home)),
        Shape::Map(value) => format!("BTreeMap<String, {}>", shape(value, home)),
    }
}

/// The type's path as it is written in the module `service`.
fn local(names: &Names, service: &str) -> String {
    let path = names.to_string();
    if names.module() == Some(service) { path.replacen(&format!("{service}::"), "", 1) } else { path }
}

/// The `use` lines for what `body` mentions.
fn imports(body: &str, module: &str) -> String {
    let mentioned = mentioned(body);
    let services = super::table::SERVICES.iter().map(|service| service.module).filter(|name| *name != module);
    let groups: [(&str, Vec<&str>); 5] = [
        ("std::collections", vec!["BTreeMap"]),
        ("serde", vec!["Serialize"]),
        ("crate::l1", services.collect()),
        ("crate::resource", vec!["Arn", "Handle", "Resource", "Tags"]),
        ("crate::value", vec!["Json", "List", "Tag", "Value"]),
    ];
    let mut text = String::new();
    for (at, (path, names)) in groups.into_iter().enumerate() {
        let used: BTreeSet<&str> = names.into_iter().filter(|name| mentioned.contains(name)).collect();
        let used: Vec<&str> = used.into_iter().collect();
        match used[..] {
            [] => {}
            [one] => drop(writeln!(text, "use {path}::{one};")),
            _ => drop(writeln!(text, "use {path}::{{{}}};", used.join(", "))),
        }
        // Ours come after a blank line.
        if at == 1 && !text.is_empty() {
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

/// The first part of every path in the code, without comments and literals.
fn mentioned(body: &str) -> BTreeSet<&str> {
    let code = body.lines().filter(|line| !line.trim_start().starts_with("///"));
    let outside = code.flat_map(|line| line.split('"').step_by(2));
    let paths = outside.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':'));
    paths.filter_map(|path| path.split("::").next()).collect()
}
