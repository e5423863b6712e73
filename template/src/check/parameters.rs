//! The default of a parameter against what the parameter says of its values.

use crate::check::{Checker, basics, shown};
use crate::document::Parameter;
use crate::path::Path;

/// What the [id][aws] begins with that a parameter type takes. What follows is not looked at: it may stand for an id.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
const IDS: [(&str, &str); 6] = [
    ("AWS::EC2::Image::Id", "ami-"),
    ("AWS::EC2::Instance::Id", "i-"),
    ("AWS::EC2::SecurityGroup::Id", "sg-"),
    ("AWS::EC2::Subnet::Id", "subnet-"),
    ("AWS::EC2::Volume::Id", "vol-"),
    ("AWS::EC2::VPC::Id", "vpc-"),
];

/// A pattern that would be larger than this in memory is not asked.
const MOST_OF_A_PATTERN: usize = 1 << 20;

impl Checker<'_> {
    /// A default that breaks what the parameter says. A default [must adhere][aws] to the parameter's constraints, also an
    /// empty one.
    ///
    /// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    pub(super) fn default_fits(&mut self, path: &Path, parameter: &Parameter, text: &str) {
        let told = if parameter.no_echo { String::new() } else { format!(" `{}`", shown(text)) };
        let mut wrong = |what: String, hint: Option<String>| {
            self.find(&basics::BAD_DECLARATION, path, format!("the default{told} {what}"), hint);
        };
        match parameter.type_name.as_str() {
            "String" => {
                let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                let has = if length == 1 {
                    "has 1 character".to_owned()
                } else {
                    format!("has {length} characters")
                };
                if let Some(least) = number(parameter, "MinLength").filter(|least| f64::from(length) < *least)
                {
                    wrong(format!("{has}, but `MinLength` is {least}"), None);
                }
                if let Some(most) = number(parameter, "MaxLength").filter(|most| f64::from(length) > *most) {
                    wrong(format!("{has}, but `MaxLength` is {most}"), None);
                }
                if !pattern(parameter).is_none_or(|pattern| pattern.is_match(text)) {
                    wrong("does not match `AllowedPattern`".to_owned(), described(parameter));
                }
            }
            "CommaDelimitedList" => {
                let Some(pattern) = pattern(parameter) else { return };
                if let Some(item) = text.split(',').map(str::trim).find(|item| !pattern.is_match(item)) {
                    let of = if parameter.no_echo { String::new() } else { format!(" `{}`", shown(item)) };
                    let what = format!("has an item{of} that does not match `AllowedPattern`");
                    wrong(what, described(parameter));
                }
            }
            "Number" => {
                let Ok(value) = text.trim().parse::<f64>() else { return };
                if let Some(least) = number(parameter, "MinValue").filter(|least| value < *least) {
                    wrong(format!("is less than `MinValue`, which is {least}"), None);
                }
                if let Some(most) = number(parameter, "MaxValue").filter(|most| value > *most) {
                    wrong(format!("is more than `MaxValue`, which is {most}"), None);
                }
            }
            other => {
                let one =
                    other.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(other);
                let Some((_, prefix)) = IDS.iter().find(|(name, _)| *name == one) else { return };
                let mut items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                if items.any(|item| !item.starts_with(prefix)) {
                    wrong(format!("is no id of `{one}`"), Some(format!("such an id begins with `{prefix}`")));
                }
            }
        }
    }
}

fn number(parameter: &Parameter, key: &str) -> Option<f64> {
    parameter.attributes.get(key)?.scalar_text()?.trim().parse().ok()
}

/// What the parameter itself says about its pattern.
fn described(parameter: &Parameter) -> Option<String> {
    let text = parameter.attributes.get("ConstraintDescription").and_then(crate::node::Node::as_str);
    let pattern = parameter.attributes.get("AllowedPattern")?.as_str()?;
    Some(text.map_or_else(|| format!("it must match `{}`", shown(pattern)), shown))
}

/// The pattern that all of a value must match. One that this engine does not know restricts nothing.
fn pattern(parameter: &Parameter) -> Option<regex::Regex> {
    let pattern = parameter.attributes.get("AllowedPattern")?.as_str()?;
    regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(MOST_OF_A_PATTERN).build().ok()
}

#[cfg(test)]
mod tests {
    use crate::Template;

    #[track_caller]
    fn check(parameter: &str, expected: &[&str]) {
        let text = format!(
            "Parameters: {{P: {{{parameter}}}}}\nResources: {{A: {{Type: AWS::SNS::Topic, Properties: {{TopicName: \
             !Ref P}}}}}}\n"
        );
        let findings = Template::parse(&text, "t.yaml").unwrap_or_else(|errors| panic!("{errors}")).check();
        let found: Vec<_> = findings.iter().filter(|finding| finding.code() == "DT020").collect();
        let found: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_default_of_text_has_a_length_and_a_pattern() {
        check(
            "Type: String, Default: abc, MaxLength: 2",
            &["the default `abc` has 3 characters, but `MaxLength` is 2"],
        );
        check(
            "Type: String, Default: a, MinLength: '2'",
            &["the default `a` has 1 character, but `MinLength` is 2"],
        );
        check("Type: String, Default: abc, MinLength: 3, MaxLength: 3", &[]);
        let pattern = "the default `ab1` does not match `AllowedPattern`";
        check("Type: String, Default: ab1, AllowedPattern: '[a-z]+'", &[pattern]);
        check("Type: String, Default: ab1, AllowedPattern: '^[a-z0-9]+$'", &[]);
        check("Type: String, Default: ab1, AllowedPattern: '(?!ab).*'", &[]);
        check("Type: CommaDelimitedList, Default: 'a, b', AllowedPattern: '[a-z]'", &[]);
        check(
            "Type: CommaDelimitedList, Default: 'a, 1', AllowedPattern: '[a-z]'",
            &["the default `a, 1` has an item `1` that does not match `AllowedPattern`"],
        );
        check(
            "Type: String, NoEcho: true, Default: hunter2, MaxLength: 2",
            &["the default has 7 characters, but `MaxLength` is 2"],
        );
    }

    #[test]
    fn the_default_of_a_number_has_a_range() {
        check(
            "Type: Number, Default: 0, MinValue: 1",
            &["the default `0` is less than `MinValue`, which is 1"],
        );
        check(
            "Type: Number, Default: 9, MaxValue: 8.5",
            &["the default `9` is more than `MaxValue`, which is 8.5"],
        );
        check("Type: Number, Default: 1, MinValue: 1, MaxValue: 1", &[]);
    }

    #[test]
    fn the_default_of_an_id_is_one() {
        check(
            "Type: AWS::EC2::VPC::Id, Default: subnet-1",
            &["the default `subnet-1` is no id of `AWS::EC2::VPC::Id`"],
        );
        check("Type: AWS::EC2::VPC::Id, Default: vpc-x", &[]);
        check("Type: AWS::EC2::VPC::Id, Default: ''", &[]);
        check("Type: List<AWS::EC2::Subnet::Id>, Default: 'subnet-1, subnet-2'", &[]);
        check("Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>, Default: /aws/ami", &[]);
    }
}
