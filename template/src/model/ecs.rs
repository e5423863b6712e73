//! ECS in a template: services, their load balancers, their task definitions, and the containers, ports and volumes
//! of these.

use crate::graph::Element;
use crate::model::{Item, Model, Target, Value, World};

/// An `AWS::ECS::Service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service<'m>(pub Item<'m>);

/// One entry of a service's `LoadBalancers`.
#[derive(Debug, Clone)]
pub struct LoadBalancer<'m> {
    /// The service.
    pub service: Service<'m>,
    /// The entry.
    pub value: Value<'m>,
}

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

/// One entry of a task definition's `Volumes`.
#[derive(Debug, Clone)]
pub struct Volume<'m> {
    /// The task definition.
    pub task: TaskDefinition<'m>,
    /// The entry.
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

    /// Its load balancers, as far as they are known.
    pub fn load_balancers(self) -> Vec<LoadBalancer<'m>> {
        let entries = entries(&self.0.get("LoadBalancers")).into_iter();
        entries.map(|value| LoadBalancer { service: self, value }).collect()
    }

    /// What its tasks run on, of every branch: `FARGATE`, `EC2` or `EXTERNAL` of the launch type, or the capacity
    /// providers of its strategy. The text is `None` where that is not known, for example because the cluster's
    /// strategy decides.
    pub fn capacity(self) -> Vec<(Option<String>, World<'m>)> {
        let mut all = Vec::new();
        let strategies = self.0.get("CapacityProviderStrategy");
        for launch in self.0.get("LaunchType") {
            if !launch.is_absent() {
                all.push((launch.text(), launch.world().clone()));
                continue;
            }
            for strategy in strategies.iter().filter(|strategy| strategy.world().meets(launch.world())) {
                let unknown = || (None, strategy.world().clone());
                match strategy.items() {
                    Some(items) if !items.is_empty() => all.extend(items.iter().flat_map(|item| {
                        let providers = item.get("CapacityProvider").into_iter();
                        providers.map(|provider| (provider.text(), provider.world().clone()))
                    })),
                    _ => all.push(unknown()),
                }
            }
        }
        all
    }

    /// Whether its tasks run on Fargate, whatever the branches; `None` if that depends on what is not known.
    pub fn is_fargate(self) -> Option<bool> {
        let mut known = None;
        for (capacity, _) in self.capacity() {
            let fargate = match capacity {
                Some(name) => matches!(name.as_str(), "FARGATE" | "FARGATE_SPOT"),
                // The cluster decides; only a task that is made for nothing else tells what it can be.
                None => self.task_definitions().first()?.0.requires_fargate().then_some(true)?,
            };
            if known.is_some_and(|known| known != fargate) {
                return None;
            }
            known = Some(fargate);
        }
        known
    }

    /// Whether it may start tasks where `world` holds. With a `DesiredCount` of 0 it starts none, as in a stack that
    /// another one completes, unless something in the template scales it.
    pub fn starts_tasks(self, world: &World<'m>) -> bool {
        let counts = self.0.get("DesiredCount");
        let mut counts = counts.iter().filter(|count| count.world().meets(world));
        counts.any(|count| count.number() != Some(0.0)) || self.is_scaled()
    }

    /// Whether a scalable target of the template refers to it.
    fn is_scaled(self) -> bool {
        let model = self.0.model();
        let mut edges = model.referrers(self.0.id());
        edges.any(|edge| match &edge.from {
            Element::Resource(id) => {
                let from = model.resource(id);
                from.is_some_and(|from| from.is("AWS::ApplicationAutoScaling::ScalableTarget"))
            }
            _ => false,
        })
    }

    /// Who replaces its tasks: `ECS` if nothing is said, else `CODE_DEPLOY` or `EXTERNAL`; `None` is not known.
    pub fn controllers(self) -> Vec<(Option<String>, World<'m>)> {
        self.texts_or("DeploymentController.Type", "ECS")
    }

    /// How ECS replaces its tasks: `ROLLING` if nothing is said, else `BLUE_GREEN`, `LINEAR` or `CANARY`; `None` is
    /// not known.
    pub fn strategies(self) -> Vec<(Option<String>, World<'m>)> {
        self.texts_or("DeploymentConfiguration.Strategy", "ROLLING")
    }

    /// The property's texts, with what AWS takes where it is absent.
    fn texts_or(self, path: &'m str, default: &str) -> Vec<(Option<String>, World<'m>)> {
        let text = |value: &Value<'m>| {
            let text = if value.is_absent() { Some(default.to_owned()) } else { value.text() };
            (text, value.world().clone())
        };
        self.0.get(path).iter().map(text).collect()
    }
}

impl<'m> LoadBalancer<'m> {
    /// The target groups of the template that it registers tasks in; the alternate one of a blue/green deployment is
    /// not among them.
    pub fn target_groups(&self) -> Vec<(Target<'m>, World<'m>)> {
        let values = self.value.get("TargetGroupArn").into_iter();
        values.filter_map(|value| Some((value.target()?, value.world().clone()))).collect()
    }
}

impl<'m> TaskDefinition<'m> {
    /// Its containers, as far as they are known.
    pub fn containers(self) -> Vec<Container<'m>> {
        let entries = entries(&self.0.get("ContainerDefinitions")).into_iter();
        entries.map(|value| Container { task: self, value }).collect()
    }

    /// Its containers; `None` if there may be others than those that are seen.
    pub fn all_containers(self) -> Option<Vec<Container<'m>>> {
        let values = all_entries(&self.0.get("ContainerDefinitions"))?;
        Some(values.into_iter().map(|value| Container { task: self, value }).collect())
    }

    /// The names of its containers, each with what must hold for it to be there; `None` if not all are known.
    pub fn container_names(self) -> Option<Vec<(String, World<'m>)>> {
        names(self.all_containers()?.iter().flat_map(|container| container.value.get("Name")))
    }

    /// The names of the ports that its containers map, each with what must hold for it to be there; `None` if not all
    /// are known.
    pub fn port_names(self) -> Option<Vec<(String, World<'m>)>> {
        let lists: Vec<_> =
            self.all_containers()?.iter().flat_map(|container| container.value.get("PortMappings")).collect();
        names(all_entries(&lists)?.iter().flat_map(|mapping| mapping.get("Name")))
    }

    /// Its volumes, as far as they are known.
    pub fn volumes(self) -> Vec<Volume<'m>> {
        let entries = entries(&self.0.get("Volumes")).into_iter();
        entries.map(|value| Volume { task: self, value }).collect()
    }

    /// The names of its volumes, each with what must hold for it to be there; `None` if not all are known.
    pub fn volume_names(self) -> Option<Vec<(String, World<'m>)>> {
        let volumes = all_entries(&self.0.get("Volumes"))?;
        names(volumes.iter().flat_map(|volume| volume.get("Name")))
    }

    /// The services of the template that run it.
    pub fn services(self) -> Vec<Service<'m>> {
        let mut services: Vec<Service<'m>> = Vec::new();
        let model = self.0.model();
        for edge in model.referrers(self.0.id()) {
            if let Element::Resource(id) = &edge.from
                && let Some(item) = model.resource(id)
                && item.is("AWS::ECS::Service")
                && edge.path.to_string().contains(".TaskDefinition")
                && services.iter().all(|known| known.0 != item)
            {
                services.push(Service(item));
            }
        }
        services
    }

    /// Whether it is made for Fargate and nothing else.
    pub fn requires_fargate(self) -> bool {
        let all = self.0.get("RequiresCompatibilities");
        let items: Vec<_> = all.iter().filter_map(Value::items).flatten().collect();
        !items.is_empty() && items.iter().all(|item| item.is_text("FARGATE"))
    }

    /// When it must be fit for Fargate: it says so, alone or beside `EC2`, or a service of the template runs it there.
    /// Empty if never, as far as is known.
    pub fn on_fargate(self) -> Vec<World<'m>> {
        let said = self.0.get("RequiresCompatibilities");
        let items = said.iter().filter_map(Value::items).flatten();
        let fargate = items.filter(|item| item.is_text("FARGATE"));
        let mut worlds: Vec<_> = fargate.map(|item| item.world().clone()).collect();
        for service in self.services() {
            let runs = service.task_definitions();
            for (_, run) in runs.iter().filter(|(task, _)| *task == self) {
                let launch = service.capacity().into_iter().filter(|(capacity, _)| {
                    capacity.as_deref().is_some_and(|name| matches!(name, "FARGATE" | "FARGATE_SPOT"))
                });
                worlds.extend(launch.filter_map(|(_, world)| world.and(run)?.and(&self.0.world())));
            }
        }
        worlds
    }
}

impl<'m> Container<'m> {
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

    /// The ports that it listens on, as its `PortMappings` say: every value of each `ContainerPort`. `None` if there
    /// may be others than those that are seen, for example in a range.
    pub fn all_ports(&self) -> Option<Vec<Value<'m>>> {
        let mappings = all_entries(&self.value.get("PortMappings"))?;
        let ports: Vec<_> = mappings.iter().flat_map(|mapping| mapping.get("ContainerPort")).collect();
        ports.iter().all(|port| port.number().is_some()).then_some(ports)
    }

    /// The entries of the list at `path`, as far as they are known: `Environment`, `MountPoints`, `Secrets`.
    pub fn entries(&self, path: &'m str) -> Vec<Value<'m>> {
        entries(&self.value.get(path))
    }
}

/// The items of lists as far as they are known.
fn entries<'m>(lists: &[Value<'m>]) -> Vec<Value<'m>> {
    lists.iter().filter_map(Value::items).flatten().filter(Value::is_known).collect()
}

/// The items of lists; `None` if there may be others.
fn all_entries<'m>(lists: &[Value<'m>]) -> Option<Vec<Value<'m>>> {
    let mut all = Vec::new();
    for list in lists {
        all.extend(list.items()?);
    }
    all.iter().all(Value::is_known).then_some(all)
}

/// The texts of values; `None` if one is not known.
fn names<'m>(values: impl Iterator<Item = Value<'m>>) -> Option<Vec<(String, World<'m>)>> {
    let present = values.filter(|value| !value.is_absent());
    present.map(|value| Some((value.text()?, value.world().clone()))).collect()
}
