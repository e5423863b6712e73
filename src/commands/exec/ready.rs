//! What stands in the way of a command in a container, all of it at once.

use cloud::{RunningContainer, RunningTask, Service, TaskDefinition};

use super::plugin::{NAME, Plugin};
use crate::commands::estate::InService;
use crate::problem::Problem;

/// Where the plugin comes from.
const INSTALL: &str = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html";

/// What was seen before it is tried.
pub(super) struct Look<'a> {
    pub(super) service: &'a InService,
    pub(super) details: Option<Service>,
    pub(super) task: Option<&'a RunningTask>,
    pub(super) container: Option<&'a RunningContainer>,
    pub(super) definition: Option<TaskDefinition>,
    /// The text of the stack's template.
    pub(super) template: Option<String>,
    pub(super) plugin: Option<&'a Plugin>,
}

impl Look<'_> {
    /// Everything that is missing; nothing if it can be tried.
    ///
    /// Source: [Using Amazon ECS Exec][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
    pub(super) fn missing(&self) -> Vec<Problem> {
        let mut missing = Vec::new();
        if self.plugin.is_none() {
            let message = format!("the program `{NAME}` is not on the PATH");
            missing.push(Problem::error("exec/no-plugin", message).hint(format!("install it: {INSTALL}")));
        }
        let name = &self.service.name;
        match (&self.details, self.task) {
            (Some(details), _) if !details.exec => missing.push(self.switched_off()),
            (_, None) => {
                let message = format!("no task of {name} runs");
                let hint = format!("`docuthinker status {name}` tells more");
                missing.push(Problem::error("exec/no-task", message).hint(hint));
            }
            (_, Some(task)) => self.task(task, &mut missing),
        }
        missing.extend(self.read_only());
        missing.extend(self.role());
        missing
    }

    fn switched_off(&self) -> Problem {
        let message = format!("commands in containers are switched off for {} (ECS Exec)", self.service.name);
        let hint =
            "set `cluster.exec: true` and run `docuthinker deploy`; the tasks that it starts can be entered";
        Problem::error("exec/off", message).hint(hint)
    }

    fn task(&self, task: &RunningTask, missing: &mut Vec<Problem>) {
        let (name, id) = (&self.service.name, task.id());
        if !task.exec {
            let message = format!("the task {id} was started before ECS Exec was switched on");
            let hint = format!("`docuthinker redeploy {name}` starts new ones");
            return missing.push(Problem::error("exec/old-task", message).hint(hint));
        }
        let Some(container) = self.container else { return };
        match container.exec_agent.as_deref() {
            Some("RUNNING") => {}
            agent => {
                let agent = agent.unwrap_or("not there");
                let message =
                    format!("the agent that runs commands in {} is {agent} (task {id})", container.name);
                let hint = "a task that has just started needs some seconds; an agent that stopped may lack the network \
                            to `ssmmessages`, or the permissions of the task role";
                missing.push(Problem::error("exec/no-agent", message).hint(hint));
            }
        }
    }

    /// The agent writes into the container.
    fn read_only(&self) -> Option<Problem> {
        let container = self.container?;
        let declared = self.definition.as_ref()?.containers.iter().find(|one| one.name == container.name)?;
        declared.read_only.then(|| {
            let message =
                format!("the file system of {} is read-only, and the agent must write", container.name);
            Problem::error("exec/read-only", message)
                .hint("`cluster.exec: true` makes it writable where it is on")
        })
    }

    /// The task role, as far as the stack's own template tells of it.
    fn role(&self) -> Option<Problem> {
        let problem = |message: String| Problem::error("exec/no-permission", message);
        let definition = self.definition.as_ref()?;
        let hint = "the role needs ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and \
                    OpenDataChannel; `cluster.exec: true` gives them";
        if definition.task_role.is_none() {
            return Some(problem(format!("the tasks of {} have no role", self.service.name)).hint(hint));
        }
        let template = self.template.as_ref()?;
        let gives =
            ["ssmmessages:", "AmazonSSMManagedInstanceCore"].iter().any(|word| template.contains(word));
        // A role that is not the stack's own cannot be seen.
        let own = template.contains("AWS::IAM::Role");
        (own && !gives).then(|| {
            problem("the stack's template lets no role open the channel to Session Manager".to_owned())
                .hint(hint)
        })
    }
}
