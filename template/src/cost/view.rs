//! One resource of a settled stack: what is still a function in it is not known.

use super::money::Amount;
use super::settle::{Settled, why};
use crate::model::{Item, Value};
use crate::node::Node;

/// A resource whose price is asked for.
#[derive(Clone, Copy)]
pub(super) struct Thing<'m> {
    pub(super) item: Item<'m>,
    pub(super) stack: &'m Settled,
}

/// What is asked, nothing where the template says nothing, or why it is not known.
pub(super) type Told<T> = Result<Option<T>, String>;

impl<'m> Thing<'m> {
    /// The value at `path`.
    pub(super) fn value(self, path: &'m str) -> Told<Value<'m>> {
        self.only(path, self.item.get(path))
    }

    /// The value at `path` below `value`.
    pub(super) fn below(self, value: &Value<'m>, path: &'m str) -> Told<Value<'m>> {
        self.only(path, value.get(path))
    }

    fn only(self, path: &str, values: Vec<Value<'m>>) -> Told<Value<'m>> {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(Some(value).filter(|value| !value.is_absent())),
            _ => Err(self.unknown(path, None)),
        }
    }

    /// Why the property is not known.
    pub(super) fn unknown(self, path: &str, node: Option<&Node>) -> String {
        let first = path.split('.').next().unwrap_or_default();
        let node = node.or_else(|| self.item.resource().properties.get(first));
        let why = node.map_or_else(
            || "it is only known once it is deployed".to_owned(),
            |node| why(&self.stack.template, node),
        );
        format!("`{path}` is not known: {why}")
    }

    /// The text at `path`.
    pub(super) fn text(self, path: &'m str) -> Told<String> {
        self.text_of(path, self.value(path)?)
    }

    pub(super) fn text_of(self, path: &str, value: Option<Value<'m>>) -> Told<String> {
        let Some(value) = value else { return Ok(None) };
        value.text().map(Some).ok_or_else(|| self.unknown(path, value.written()))
    }

    /// The number at `path`.
    pub(super) fn number(self, path: &'m str) -> Told<Amount> {
        self.number_of(path, self.value(path)?)
    }

    pub(super) fn number_of(self, path: &str, value: Option<Value<'m>>) -> Told<Amount> {
        let Some(text) = self.text_of(path, value)? else { return Ok(None) };
        Amount::parse(text.trim()).map(Some).ok_or_else(|| format!("`{path}` is not a number: `{text}`"))
    }

    /// Whether the text at `path` is `wanted`, or `default` where there is none.
    pub(super) fn is(self, path: &'m str, wanted: &str, default: bool) -> Result<bool, String> {
        Ok(self.text(path)?.map_or(default, |text| text.eq_ignore_ascii_case(wanted)))
    }

    /// The items of the list at `path`; none where there is no list.
    pub(super) fn items(self, path: &'m str) -> Result<Vec<Value<'m>>, String> {
        self.items_of(path, self.value(path)?)
    }

    pub(super) fn items_of(self, path: &str, value: Option<Value<'m>>) -> Result<Vec<Value<'m>>, String> {
        let Some(value) = value else { return Ok(Vec::new()) };
        let items = value.items().ok_or_else(|| self.unknown(path, value.written()))?;
        // An item with branches is there several times, or not at all.
        let sure = items.iter().all(|item| item.world().is_same(value.world()));
        if sure { Ok(items) } else { Err(self.unknown(path, value.written())) }
    }

    /// How many items the list at `path` has.
    pub(super) fn count(self, path: &'m str) -> Result<u64, String> {
        Ok(self.items(path)?.len() as u64)
    }

    /// What a report calls it.
    pub(super) fn name(self) -> (String, String) {
        (self.stack.name.clone(), self.item.id().to_owned())
    }

    /// The resource of this type that the property points at; an error if it points elsewhere.
    pub(super) fn target(self, path: &'m str, type_name: &str) -> Told<Item<'m>> {
        let Some(value) = self.value(path)? else { return Ok(None) };
        let target = value.target().map(|target| target.item).filter(|item| item.is(type_name));
        target.map(Some).ok_or_else(|| match value.text() {
            Some(text) => format!("`{path}` names what is not in the template: `{text}`"),
            None => self.unknown(path, value.written()),
        })
    }
}
