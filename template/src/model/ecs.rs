//! ECS in a template: services, their task definitions, their containers.

use crate::model::{Item, Model, Value, World};

/// An `AWS::ECS::Service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service<'m>(pub Item<'m>);

/// An `AWS::ECS::TaskDefinition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskDefinition<'m>(pub Item<'m>);

/// One container of a task definition.
#[derive(Debug, Clone)]
pub struct Container<'m> {
    /// The task definition.
    pub task: TaskDefinition<'m>,
    /// The entry of `ContainerDefinitions`.
    pub value: Value<'m>,
}

impl<'m> Model<'m> {
    /// Every ECS service.
    pub fn services(&'m self) -> impl Iterator<Item = Service<'m>> {
        self.of_type("AWS::ECS::Service").map(Service)
    }

    /// Every ECS task definition.
    pub fn task_definitions(&'m self) -> impl Iterator<Item = TaskDefinition<'m>> {
        self.of_type("AWS::ECS::TaskDefinition").map(TaskDefinition)
    }
}

impl<'m> Service<'m> {
    /// The task definitions that the service may run, as far as they are resources of the template.
    pub fn task_definitions(self) -> Vec<(TaskDefinition<'m>, World<'m>)> {
        let values = self.0.get("TaskDefinition").into_iter();
        let tasks = values.filter_map(|value| {
            let item = value.target()?.item;
            item.is("AWS::ECS::TaskDefinition").then(|| (TaskDefinition(item), value.world().clone()))
        });
        tasks.collect()
    }

    /// Whether its tasks run on Fargate; `None` if that depends on what is not known. A strategy of the cluster
    /// decides where neither a launch type nor a strategy is given; then the task definition's compatibility does.
    pub fn is_fargate(self) -> Option<bool> {
        let mut known = None;
        for launch in self.0.get("LaunchType") {
            if let Some(text) = launch.text() {
                known = Some(text == "FARGATE");
            } else if launch.is_unknown() {
                return None;
            }
        }
        for strategy in self.0.get("CapacityProviderStrategy") {
            for item in strategy.items()? {
                match item.get("CapacityProvider").first().and_then(Value::text) {
                    Some(name) => known = Some(matches!(name.as_str(), "FARGATE" | "FARGATE_SPOT")),
                    None => return None,
                }
            }
        }
        known.or_else(|| {
            let tasks = self.task_definitions();
            let (task, _) = tasks.first()?;
            task.requires_fargate().then_some(true)
        })
    }
}

impl<'m> TaskDefinition<'m> {
    /// Its containers, as far as they are known.
    pub fn containers(self) -> Vec<Container<'m>> {
        let lists = self.0.get("ContainerDefinitions");
        let values = lists.iter().filter_map(Value::items).flatten();
        values.filter(Value::is_known).map(|value| Container { task: self, value }).collect()
    }

    /// Whether it is made for Fargate and nothing else.
    pub fn requires_fargate(self) -> bool {
        let all = self.0.get("RequiresCompatibilities");
        let items: Vec<_> = all.iter().filter_map(Value::items).flatten().collect();
        !items.is_empty() && items.iter().all(|item| item.is_text("FARGATE"))
    }
}

impl Container<'_> {
    /// Its name, if it is known.
    pub fn name(&self) -> Option<String> {
        self.value.get("Name").iter().find_map(Value::text)
    }

    /// What an error calls it: its name in backticks, or its place in the list.
    pub fn shown(&self) -> String {
        match self.name() {
            Some(name) => format!("the container `{name}`"),
            None => "a container".to_owned(),
        }
    }
}
