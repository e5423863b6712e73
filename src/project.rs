//! A project: settings, and the stacks made from them.

use std::marker::PhantomData;

use constructs::{App, Assembly};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use template::Lint;

/// What a crate implements to be an app with the whole command line; see [`main`](crate::main).
pub trait Project {
    /// The settings; their `Default` is what holds without any configuration.
    type Settings: Serialize + DeserializeOwned + JsonSchema + Default;

    /// Adds the project's stacks to `app`.
    fn build(app: &mut App, settings: &Self::Settings);

    /// The built-in environments: a name, and what its settings change in the default ones.
    ///
    /// `prod` exists also if it is not listed; it is the default settings then.
    fn environments() -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// What an environment that is not built in changes before its own settings do.
    ///
    /// Whatever keeps it apart from the others belongs here, since it could be forgotten in the file: without
    /// another name for its stacks it would update those of production.
    fn other_environment(name: &str) -> Value {
        let _ = name;
        Value::Object(serde_json::Map::new())
    }

    /// Stacks that are made only when they are named, and never by a command that takes all stacks.
    fn on_request() -> Vec<OnRequest<Self::Settings>> {
        Vec::new()
    }

    /// The images that CI builds from the project's repository; `ci` writes its files for them.
    fn images(settings: &Self::Settings) -> Vec<BuiltImage> {
        let _ = settings;
        Vec::new()
    }

    /// The project's own rules for templates; `validate`, `synth`, `diff` and `deploy` ask them too.
    ///
    /// See [`check`](crate::check) and [`model`](crate::model) for what they are made of.
    fn lints() -> &'static [Lint] {
        &[]
    }
}

/// An image that CI builds, where it goes, and how its service is found afterwards.
#[derive(Debug, Clone)]
pub struct BuiltImage {
    /// What people call the service: `AI/ML`.
    pub title: String,
    /// The folder of its `Dockerfile`, below the repository's root.
    pub folder: String,
    /// The commands that test it, run in its folder.
    pub test: Vec<String>,
    /// What it is built for: `linux/amd64` or `linux/arm64`.
    pub platform: String,
    /// The name of its ECR repository.
    pub repository: String,
    /// The stack, as it is called on the command line, that makes the repository.
    pub repository_stack: String,
    /// The setting that says which image is deployed: `backend.image`.
    pub setting: String,
    /// The name in CloudFormation of the stack that runs it.
    pub stack: String,
    /// The logical ID of its task definition there.
    pub task_definition: String,
    /// The name of its container.
    pub container: String,
    /// The output with the address of its service.
    pub output: String,
    /// The path below that address which answers when the service is well.
    pub health: String,
}

impl BuiltImage {
    /// Whether people mean this image by `name`.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        [&self.container, &self.folder, &self.repository].iter().any(|known| plain(known) == plain(name))
    }
}

/// A name without what makes no difference to people: capitals, hyphens, underscores.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// A stack that is made only when it is named, for example a portable template for others to deploy.
#[derive(Debug, Clone, Copy)]
pub struct OnRequest<S> {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is, in one line, for `list`.
    pub description: &'static str,
    /// Adds the stack to an app of its own.
    pub build: fn(&mut App, &S),
}

/// Settings that cannot be: the path of the value that is wrong, and why.
pub(crate) type SettingsError = (Vec<String>, String);

/// A project without its types, so that the command is compiled once and not for each project.
pub(crate) trait AnyProject {
    /// See [`Project::environments`].
    fn environments(&self) -> Vec<(&'static str, Value)>;
    /// See [`Project::other_environment`].
    fn other_environment(&self, name: &str) -> Value;
    /// The default settings.
    fn defaults(&self) -> Value;
    /// The JSON Schema of the settings.
    fn schema(&self) -> Value;
    /// Whether `settings` are settings.
    fn check(&self, settings: &Value) -> Result<(), SettingsError>;
    /// The names and descriptions of [`Project::on_request`].
    fn on_request(&self) -> Vec<(&'static str, &'static str)>;
    /// See [`Project::images`]; `settings` are settings.
    fn images(&self, settings: &Value) -> Vec<BuiltImage>;
    /// See [`Project::lints`].
    fn lints(&self) -> &'static [Lint];
    /// All stacks, or the one on request that is named.
    fn synthesize(&self, settings: &Value, on_request: Option<&str>) -> Result<Assembly, SettingsError>;
}

/// Takes the types off the project `P`.
pub(crate) struct Erased<P>(PhantomData<P>);

impl<P> Erased<P> {
    pub(crate) fn new() -> Erased<P> {
        Erased(PhantomData)
    }
}

impl<P: Project> AnyProject for Erased<P> {
    fn environments(&self) -> Vec<(&'static str, Value)> {
        P::environments()
    }

    fn other_environment(&self, name: &str) -> Value {
        P::other_environment(name)
    }

    fn defaults(&self) -> Value {
        serde_json::to_value(P::Settings::default()).expect("settings have text keys and finite numbers")
    }

    fn schema(&self) -> Value {
        schemars::schema_for!(P::Settings).to_value()
    }

    fn check(&self, settings: &Value) -> Result<(), SettingsError> {
        typed::<P>(settings).map(|_| ())
    }

    fn on_request(&self) -> Vec<(&'static str, &'static str)> {
        P::on_request().iter().map(|stack| (stack.name, stack.description)).collect()
    }

    fn images(&self, settings: &Value) -> Vec<BuiltImage> {
        typed::<P>(settings).map(|settings| P::images(&settings)).unwrap_or_default()
    }

    fn lints(&self) -> &'static [Lint] {
        P::lints()
    }

    fn synthesize(&self, settings: &Value, on_request: Option<&str>) -> Result<Assembly, SettingsError> {
        let settings = typed::<P>(settings)?;
        let mut app = App::new();
        match on_request.and_then(|name| P::on_request().into_iter().find(|stack| stack.name == name)) {
            Some(stack) => (stack.build)(&mut app, &settings),
            None => P::build(&mut app, &settings),
        }
        Ok(app.synth())
    }
}

fn typed<P: Project>(settings: &Value) -> Result<P::Settings, SettingsError> {
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().iter().map(ToString::to_string).collect();
        (path, error.into_inner().to_string())
    })
}
