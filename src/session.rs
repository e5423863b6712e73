//! One run of the command: the project, the options of every command, and the terminal.

use constructs::{Assembly, Diagnostic, Severity, SynthesizedStack};

use crate::cli::Global;
use crate::config::{self, Config, Validation};
use crate::exit::Exit;
use crate::printer::Printer;
use crate::problem::{Failure, Problem, Result, suggestion};
use crate::project::AnyProject;

/// What every command is given.
pub(crate) struct Session<'a> {
    pub(crate) project: &'a dyn AnyProject,
    pub(crate) global: Global,
    pub(crate) printer: Printer,
}

impl Session<'_> {
    /// The settings of the chosen environment.
    pub(crate) fn config(&mut self) -> Result<Config> {
        let config = config::load(self.project, &self.global.request()?)?;
        for warning in &config.warnings {
            self.printer.problem(warning);
        }
        Ok(config)
    }

    /// What the configuration file says about checking templates.
    pub(crate) fn validation(&self) -> Result<Validation> {
        let built_in: Vec<&str> = self.project.environments().iter().map(|(name, _)| *name).collect();
        config::load_validation(&self.global.request()?, &built_in)
    }

    /// Refuses options that choose settings, where a template from a file is in the place of the stacks made from them.
    pub(crate) fn refuse_settings(&self) -> Result<()> {
        let refuse = |option: &str, hint: &str| {
            let message = format!("`{option}` has no effect with `--template`");
            Err(Failure::usage(Problem::error("usage/no-effect", message).hint(hint)))
        };
        if let Some(set) = self.global.sets().first() {
            // Its value is nobody's business.
            let key = set.split('=').next().unwrap_or_default();
            return refuse(&format!("--set {key}"), "leave it out: a template from a file knows no settings");
        }
        let Some(environment) = self.global.environment_option() else { return Ok(()) };
        if self.validation()?.allow.iter().any(|allow| allow.environment.is_some()) {
            return Ok(());
        }
        let hint = "leave it out: a template from a file knows no settings, and nothing in docuthinker.yaml is \
                    allowed for one environment";
        refuse(&environment.join(" "), hint)
    }

    /// The stacks called `names` with the mistakes in them; all stacks if there are no names.
    ///
    /// The stacks come in the order in which they can be deployed.
    pub(crate) fn synthesize(&mut self, names: &[String]) -> Result<Synthesis> {
        let config = self.config()?;
        self.synthesize_with(config, names)
    }

    /// The stacks `ids` of another environment, sound, as far as it has them; all stacks if there are no ids. Its
    /// settings are those of the file and of the process's variables; what `--set` says is for the chosen environment.
    pub(crate) fn sound_in(&mut self, environment: &str, ids: &[String]) -> Result<Synthesis> {
        let mut request = self.global.request()?;
        request.environment = Some(environment.to_owned());
        request.sets.clear();
        let config = config::load(self.project, &request)?;
        let on_request = self.project.on_request();
        let named = ids.iter().filter(|id| on_request.iter().any(|(known, _)| known == id));
        let named: Vec<String> = named.cloned().collect();
        let mut synthesis = if named.is_empty() || named.len() < ids.len() {
            self.synthesize_with(config, &[])?
        } else {
            Synthesis { config, stacks: vec![], diagnostics: vec![] }
        };
        for name in named {
            let assembly = self.assembly(&synthesis.config, Some(&name))?;
            synthesis.stacks.extend(assembly.stacks);
            synthesis.diagnostics.extend(assembly.diagnostics);
        }
        synthesis.stacks.retain(|stack| ids.is_empty() || ids.contains(&stack.id));
        self.refuse_unsound(synthesis)
    }

    fn synthesize_with(&mut self, config: Config, names: &[String]) -> Result<Synthesis> {
        let (on_request, in_app): (Vec<&String>, Vec<&String>) =
            names.iter().partition(|name| self.project.on_request().iter().any(|(known, _)| known == name));
        let mut synthesis = Synthesis { config, stacks: vec![], diagnostics: vec![] };
        for name in on_request {
            let assembly = self.assembly(&synthesis.config, Some(name))?;
            synthesis.stacks.extend(assembly.stacks);
            synthesis.diagnostics.extend(assembly.diagnostics);
        }
        if in_app.is_empty() && !names.is_empty() {
            return Ok(synthesis);
        }
        let assembly = self.assembly(&synthesis.config, None)?;
        for name in &in_app {
            self.must_exist(name, &assembly.stacks)?;
        }
        let chosen =
            |stack: &SynthesizedStack| names.is_empty() || in_app.iter().any(|name| is_called(stack, name));
        synthesis.stacks.extend(assembly.stacks.into_iter().filter(chosen));
        // A mistake anywhere may be the cause of one in the chosen stacks, so all are shown.
        synthesis.diagnostics.extend(assembly.diagnostics);
        Ok(synthesis)
    }

    /// Like [`Session::synthesize`], but mistakes end the command and warnings are shown.
    pub(crate) fn sound(&mut self, names: &[String]) -> Result<Synthesis> {
        let synthesis = self.synthesize(names)?;
        self.refuse_unsound(synthesis)
    }

    fn refuse_unsound(&mut self, synthesis: Synthesis) -> Result<Synthesis> {
        let (errors, warnings): (Vec<_>, Vec<_>) =
            synthesis.diagnostics.iter().partition(|diagnostic| diagnostic.severity == Severity::Error);
        if !errors.is_empty() {
            let problems = [warnings, errors]
                .concat()
                .into_iter()
                .map(|found| problem(found, &synthesis.config))
                .collect();
            return Err(Failure::new(Exit::Refused, problems));
        }
        for warning in warnings {
            self.printer.problem(&problem(warning, &synthesis.config));
        }
        Ok(synthesis)
    }

    /// The region that the command line names.
    #[cfg(feature = "aws")]
    pub(crate) fn region(&self) -> Option<String> {
        self.global.aws.region.clone()
    }

    /// Only a build that knows AWS takes a region.
    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_self, reason = "a build that knows AWS looks")]
    pub(crate) fn region(&self) -> Option<String> {
        None
    }

    fn assembly(&self, config: &Config, on_request: Option<&str>) -> Result<Assembly> {
        self.project
            .synthesize(&config.settings, on_request)
            .map_err(|(path, message)| config.refusal(&path, message))
    }

    fn must_exist(&self, name: &str, stacks: &[SynthesizedStack]) -> Result<()> {
        if stacks.iter().any(|stack| is_called(stack, name)) {
            return Ok(());
        }
        let on_request = self.project.on_request();
        let names =
            stacks.iter().map(|stack| stack.id.as_str()).chain(on_request.iter().map(|(known, _)| *known));
        let problem = Problem::error("usage/unknown-stack", format!("no stack is named `{name}`"));
        Err(Failure::usage(problem.maybe_hint(suggestion(name, names))))
    }
}

/// Stacks, the settings that they were made from, and what is wrong with them.
pub(crate) struct Synthesis {
    pub(crate) config: Config,
    pub(crate) stacks: Vec<SynthesizedStack>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

pub(crate) fn is_called(stack: &SynthesizedStack, name: &str) -> bool {
    stack.id == name || stack.name == name
}

/// A diagnostic of the construct library in the form of all problems.
///
/// A wrong setting is shown where the user wrote it, everything else at its construct.
pub(crate) fn problem(diagnostic: &Diagnostic, config: &Config) -> Problem {
    let problem = match diagnostic.severity {
        Severity::Error => Problem::error(diagnostic.code, &diagnostic.message),
        Severity::Warning => Problem::warning(diagnostic.code, &diagnostic.message),
    };
    let mut place = diagnostic.path.clone();
    if let Some(property) = &diagnostic.property {
        place = format!("{place}.{property}");
    }
    if let Some(key) = place.strip_prefix("settings.") {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        place = format!("{} ({key})", config.source(&path));
    } else if let Some(line) = diagnostic.location {
        place = format!("{place} ({line})");
    }
    problem.at(place).maybe_hint(diagnostic.hint.clone())
}
