//! Writing a template: YAML as a careful person would, and JSON.

mod length;
mod scalar;
mod view;
mod yaml;

use serde::{Serialize, Serializer};

use crate::document::Template;

impl Template {
    /// The template as YAML, with short tags (`!Ref`, `!GetAtt Alb.DNSName`).
    ///
    /// Sections and attributes come in a fixed order, their entries in the template's own. Text that a
    /// reader of YAML 1.1 or 1.2 would take for something else is quoted (`"2012-10-17"`, `"yes"`, `"0123"`),
    /// text of several lines is a block, and no line is wrapped.
    pub fn to_yaml(&self) -> String {
        yaml::write(self)
    }

    /// The template as JSON, two spaces for each level, with a line break at the end.
    #[expect(clippy::missing_panics_doc, reason = "writing a template to text cannot fail")]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("keys are text and numbers are finite");
        text.push('\n');
        text
    }

    /// The template as JSON without any white space: what is sent to AWS, and what its size limits count.
    #[expect(clippy::missing_panics_doc, reason = "writing a template to text cannot fail")]
    pub fn to_json_minified(&self) -> String {
        serde_json::to_string(self).expect("keys are text and numbers are finite")
    }

    /// The length of [`Template::to_json_minified`], without making it.
    pub(crate) fn json_bytes(&self) -> usize {
        length::of(&view::View::of(self))
    }
}

/// Writes the long form of every function, sections and attributes in the same order as YAML.
impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        view::View::of(self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
