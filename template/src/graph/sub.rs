//! The text of `Fn::Sub`: what is literal, what is a variable.

/// A part of the text of `Fn::Sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubPart<'t> {
    /// Text that stays. `${!Name}` is the text `${Name}`, and comes as the two parts `${` and `Name}`.
    Text(&'t str),
    /// `${Name}` or `${Name.Attribute}`, without the braces and without spaces around.
    Variable(&'t str),
}

/// Takes the text of `Fn::Sub` apart. A `${` without its `}` is text.
pub fn sub_parts(text: &str) -> Vec<SubPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let inner = &rest[start + 2..start + length];
        if let Some(literal) = inner.strip_prefix('!') {
            parts.push(SubPart::Text(&rest[..start + 2]));
            // The brace belongs to the literal.
            let end = start + length + 1;
            parts.push(SubPart::Text(&rest[end - literal.len() - 1..end]));
        } else {
            if start > 0 {
                parts.push(SubPart::Text(&rest[..start]));
            }
            parts.push(SubPart::Variable(inner.trim()));
        }
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() {
        parts.push(SubPart::Text(rest));
    }
    parts
}
