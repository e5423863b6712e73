//! Templates with what their loops make, for the values of parameters that they are deployed with.

use std::borrow::Cow;

use super::Values;
use crate::document::Template;
use crate::loops::{may_loop, unroll};
use crate::node::Node;

/// The template with the resources, outputs and conditions that its loops (`Fn::ForEach`) make, as far as their lists
/// are known: with `values` for parameters, and the defaults. Loops over other lists stay as they are.
pub fn unrolled<'t>(template: &'t Template, values: &Values) -> Cow<'t, Template> {
    if !may_loop(template) {
        return Cow::Borrowed(template);
    }
    let mut with_values = template.clone();
    for (name, parameter) in &mut with_values.parameters {
        if parameter.no_echo {
            // What is not to be seen is in no name either.
            parameter.default = None;
        } else if let Some(value) = values.get(name) {
            parameter.default = Some(Node::from(value.as_str()));
        }
    }
    match unroll(&with_values) {
        Some(unrolled) => {
            Cow::Owned(Template { parameters: template.parameters.clone(), ..unrolled.template })
        }
        None => Cow::Borrowed(template),
    }
}
