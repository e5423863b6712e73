//! What Application Auto Scaling scales in a template.

use crate::model::{Item, Model, Part, Text, Value};

/// An `AWS::ApplicationAutoScaling::ScalableTarget`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScalableTarget<'m>(pub Item<'m>);

/// What a resource ID `service/cluster/name` is made of, each part as the template has it.
#[derive(Debug, Clone)]
pub struct ServiceId<'m> {
    /// The whole text.
    pub text: Text<'m>,
    /// What stands for the cluster's name.
    pub cluster: Vec<Part<'m>>,
    /// What stands for the service's name.
    pub service: Vec<Part<'m>>,
}

impl<'m> Model<'m> {
    /// Everything that Application Auto Scaling scales.
    pub fn scalable_targets(&'m self) -> impl Iterator<Item = ScalableTarget<'m>> {
        self.of_type("AWS::ApplicationAutoScaling::ScalableTarget").map(ScalableTarget)
    }
}

impl<'m> ScalableTarget<'m> {
    /// Whether it scales an ECS service.
    pub fn is_service(self) -> bool {
        self.0.get("ServiceNamespace").iter().any(|namespace| namespace.is_text("ecs"))
    }

    /// The ECS services that it may scale, each with where that is said; a resource ID of another form is none.
    pub fn service_ids(self) -> Vec<(Value<'m>, ServiceId<'m>)> {
        let values = if self.is_service() { self.0.get("ResourceId") } else { Vec::new() };
        let mut all = Vec::new();
        for value in values {
            for text in value.texts() {
                if let [kind, cluster, service] = segments(&text).as_slice()
                    && *kind == [Part::Literal("service".to_owned())]
                {
                    let (cluster, service) = (cluster.clone(), service.clone());
                    all.push((value.clone(), ServiceId { text, cluster, service }));
                }
            }
        }
        all
    }
}

/// The parts of the text between slashes.
fn segments<'m>(text: &Text<'m>) -> Vec<Vec<Part<'m>>> {
    let mut all = vec![Vec::new()];
    for part in &text.parts {
        let Part::Literal(literal) = part else {
            all.last_mut().into_iter().for_each(|last| last.push(part.clone()));
            continue;
        };
        for (at, piece) in literal.split('/').enumerate() {
            if at > 0 {
                all.push(Vec::new());
            }
            if !piece.is_empty() {
                all.last_mut().into_iter().for_each(|last| last.push(Part::Literal(piece.to_owned())));
            }
        }
    }
    all
}
