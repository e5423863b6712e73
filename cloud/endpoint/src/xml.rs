//! The XML of the Query API: small, written by hand, always escaped.

use std::fmt::Write;

/// A growing XML document.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// One element around what `inside` writes.
    pub(crate) fn within(&mut self, name: &str, inside: impl FnOnce(&mut Xml)) {
        let _ = write!(self.0, "<{name}>");
        inside(self);
        let _ = write!(self.0, "</{name}>");
    }

    /// One element with text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        let _ = write!(self.0, "<{name}>{}</{name}>", escaped(text));
    }

    /// Text without an element around it.
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.push_str(&escaped(text));
    }

    /// One element with text, if there is any.
    pub(crate) fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A list as the Query API has it: each item in a `member`.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Xml, T),
    ) {
        self.within(name, |x| {
            for item in items {
                x.within("member", |x| write(x, item));
            }
        });
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// What `write` writes.
pub(crate) fn xml(write: impl FnOnce(&mut Xml)) -> String {
    let mut x = Xml::default();
    write(&mut x);
    x.finish()
}

/// The answer to `action`, in the wrappers of the Query API.
pub(crate) fn answer(action: &str, namespace: &str, inside: &str, request_id: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{namespace}\"><{action}Result>{inside}</{action}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
}

/// An error of the Query API.
pub(crate) fn error(code: &str, message: &str, namespace: &str, request_id: &str) -> String {
    let (code, message) = (escaped(code), escaped(message));
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            // Not allowed in XML 1.0, not even escaped.
            control if control < ' ' && control != '\n' && control != '\t' => out.push('?'),
            other => out.push(other),
        }
    }
    out
}
