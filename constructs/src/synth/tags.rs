//! Which tags a resource has of the scopes around it.

use indexmap::IndexMap;
use template::{Map, Node};

use super::{Site, Synthesis, is_below};
use crate::resource::Tags;
use crate::scope::Element;

impl Synthesis<'_> {
    /// Adds the tags of the scopes around an element; its own tags, and those set nearer, win.
    pub(super) fn add_tags(&mut self, element: &Element, properties: &mut Map, site: &mut Site<'_>) {
        let mut tags: IndexMap<&str, Node> = IndexMap::new();
        let mut scoped: Vec<_> = self.app.stacks[site.stack]
            .tags
            .iter()
            .filter(|tag| is_below(&element.path, &tag.path))
            .collect();
        scoped.sort_by_key(|tag| tag.path.len());
        for tag in scoped {
            tags.insert(&tag.key, tag.value.node().clone());
        }
        if tags.is_empty() {
            return;
        }
        match element.resource.tags() {
            Tags::None => {}
            Tags::Map(property) => {
                let own = properties.entry(property.to_owned()).or_insert_with(|| Node::Map(Map::default()));
                let Node::Map(own) = own else { return };
                for (key, value) in tags {
                    let value = self.resolve(value, site);
                    own.entry(key.to_owned()).or_insert(value);
                }
            }
            Tags::List(property) => self.add_tag_list(property, tags, None, properties, site),
            Tags::Propagated(property) => {
                self.add_tag_list(
                    property,
                    tags,
                    Some(("PropagateAtLaunch", Node::Bool(true))),
                    properties,
                    site,
                );
            }
        }
    }

    fn add_tag_list(
        &mut self,
        property: &str,
        tags: IndexMap<&str, Node>,
        extra: Option<(&str, Node)>,
        properties: &mut Map,
        site: &mut Site<'_>,
    ) {
        let own = properties.entry(property.to_owned()).or_insert_with(|| Node::List(Vec::new()));
        let Node::List(own) = own else { return };
        for (key, value) in tags {
            let taken =
                |tag: &Node| tag.as_map().and_then(|tag| tag.get("Key")).and_then(Node::as_str) == Some(key);
            if own.iter().any(taken) {
                continue;
            }
            let mut tag = Map::default();
            tag.insert("Key".to_owned(), key.into());
            tag.insert("Value".to_owned(), self.resolve(value, site));
            if let Some((name, value)) = &extra {
                tag.insert((*name).to_owned(), value.clone());
            }
            own.push(Node::Map(tag));
        }
    }
}
