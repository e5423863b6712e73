//! One literal value against what may stand in its place.

use std::borrow::Cow;

use crate::check::properties::{is_dynamic, takes};
use crate::check::{Checker, basics, choose_one_of, did_you_mean, shown, words};
use crate::facts::{Bounds, Identifier, Kind, Place, Scalar, Schema};
use crate::nearest::nearest;
use crate::node::Node;
use crate::path::Path;

impl Checker<'_> {
    /// Whether a value has a kind that the place takes; says so if not.
    pub(super) fn kind(&mut self, path: &Path, node: &Node, place: Place<'static>) -> bool {
        let fits = takes(place, node);
        if !fits {
            let found = match (node, node.scalar_text()) {
                (Node::String(_), Some(text)) => format!("the text `{}`", shown(&text)),
                (_, Some(text)) => format!("`{text}`"),
                _ => node.kind().to_owned(),
            };
            let hint = matches!(node, Node::Null)
                .then(|| "remove the property, or use `!Ref AWS::NoValue`".to_owned());
            self.find(&basics::WRONG_KIND, path, not_of_kind(place, &found), hint);
        }
        fits
    }

    pub(super) fn wrong_kind(&mut self, path: &Path, found: &str, place: Place<'static>) {
        self.find(&basics::WRONG_KIND, path, not_of_kind(place, found), None);
    }

    pub(super) fn scalar(&mut self, path: &Path, node: &Node, place: Place<'static>) {
        let schema = place.schema();
        let Some(text) = node.scalar_text() else { return };
        if is_dynamic(&text) {
            return;
        }
        if !schema.allowed.is_empty() && !is_allowed(schema, &text) {
            let allowed: Vec<_> = schema.allowed.iter().map(ToString::to_string).collect();
            let known = || allowed.iter().map(String::as_str);
            // Of numbers, the one that is spelt alike is seldom meant.
            let alike = nearest(&text, known()).filter(|alike| alike.parse::<f64>().is_err());
            let hint = did_you_mean(alike).or_else(|| choose_one_of(known()));
            let message = format!("`{}` is not one of the allowed values", shown(&text));
            self.find(&basics::NOT_ALLOWED, path, message, hint);
        }
        // A number becomes text where only text can stand.
        let only_text =
            ![Kind::Integer, Kind::Number, Kind::Boolean].into_iter().any(|kind| place.takes(kind));
        if matches!(node, Node::String(_)) || only_text {
            self.text(path, &text, schema);
        }
        if let Some(prefixes) = id_prefixes(place)
            && !prefixes.iter().any(|prefix| is_id(prefix, &text))
        {
            let hint = Some(format!("it begins with `{}`", prefixes.join("` or `")));
            self.find(&basics::WRONG_FORM, path, format!("`{}` is not such an id", shown(&text)), hint);
        }
        if schema.range != Bounds::default()
            && let Ok(number) = text.trim().parse::<f64>()
            && !schema.range.contain(&number)
        {
            let message = format!("{} is not {}", shown(&text), bounds(schema.range));
            self.find(&basics::OUT_OF_RANGE, path, message, None);
        }
    }

    fn text(&mut self, path: &Path, text: &str, schema: &'static Schema) {
        let length = text.chars().count() as u64;
        if !schema.length.contain(&length) {
            let message = format!("the text has {length} characters, which is not {}", bounds(schema.length));
            self.find(&basics::WRONG_LENGTH, path, message, None);
        }
        if let Some(pattern) = schema.pattern
            && !self.matches(pattern, text)
        {
            let form = words::of_pattern(pattern);
            let form = form.map_or_else(|| format!("match `{pattern}`"), |words| format!("be {words}"));
            let hint = Some(format!("it must {form}"));
            self.find(
                &basics::WRONG_FORM,
                path,
                format!("`{}` does not have the right form", shown(text)),
                hint,
            );
        }
        let network = match schema.format {
            Some("ipv4-network") => is_network::<std::net::Ipv4Addr>(text, 32),
            Some("ipv6-network") => is_network::<std::net::Ipv6Addr>(text, 128),
            _ => true,
        };
        if !network {
            let hint = Some("for example 10.0.0.0/16".to_owned());
            self.find(
                &basics::WRONG_FORM,
                path,
                format!("`{}` is not a block of addresses", shown(text)),
                hint,
            );
        }
    }

    /// How many items or entries there are.
    pub(super) fn size(&mut self, path: &Path, count: usize, allowed: Bounds<u64>, what: &str) {
        if !allowed.contain(&(count as u64)) {
            let message = format!("there are {count} {what}, which is not {}", bounds(allowed));
            self.find(&basics::WRONG_COUNT, path, message, None);
        }
    }
}

fn not_of_kind(place: Place<'static>, found: &str) -> String {
    format!("expected {}, found {found}", in_words(place))
}

/// The kinds of values that the place takes: `a whole number or text`.
fn in_words(place: Place<'static>) -> String {
    let word = |kind: Kind| match kind {
        Kind::String => "text",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Boolean => "`true` or `false`",
        Kind::List => "a list",
        Kind::Object => "a mapping",
    };
    let words: Vec<_> = place.schema().kinds.iter().map(word).collect();
    if words.is_empty() { "another value".to_owned() } else { words.join(" or ") }
}

/// The beginnings of the [ids][aws] that may stand at a place, if it takes nothing but ids of these kinds.
///
/// [aws]: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
pub(super) fn id_prefixes(place: Place<'static>) -> Option<Vec<&'static str>> {
    let prefix = |name: &Identifier| match (name.type_name, name.property) {
        ("AWS::EC2::VPC", "Id" | "VpcId") => Some("vpc-"),
        ("AWS::EC2::Subnet", "Id" | "SubnetId") => Some("subnet-"),
        ("AWS::EC2::SecurityGroup", "Id" | "GroupId") => Some("sg-"),
        _ => None,
    };
    let prefixes: Option<Vec<_>> = place.names().iter().map(prefix).collect();
    prefixes.filter(|prefixes| !prefixes.is_empty()).map(|mut prefixes| {
        prefixes.dedup();
        prefixes
    })
}

fn is_id(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a value is among the allowed ones; `1` and `1.0` are the same number.
fn is_allowed(schema: &Schema, text: &str) -> bool {
    let number = text.trim().parse::<f64>();
    schema.allowed.iter().any(|allowed| {
        let allowed = match allowed {
            Scalar::String(text) => Cow::Borrowed(*text),
            other => Cow::Owned(other.to_string()),
        };
        let same_number = || {
            let numbers = (&number, number.is_ok().then(|| allowed.parse::<f64>()));
            matches!(numbers, (Ok(number), Some(Ok(allowed))) if allowed.total_cmp(number).is_eq())
        };
        allowed == text || (schema.ignore_case && allowed.eq_ignore_ascii_case(text)) || same_number()
    })
}

fn is_network<A: std::str::FromStr>(text: &str, most: u8) -> bool {
    text.split_once('/').is_some_and(|(address, bits)| {
        address.parse::<A>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
    })
}

fn bounds<T: std::fmt::Display>(bounds: Bounds<T>) -> String {
    match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "limited".to_owned(),
    }
}
