//! A project: settings, and the stacks made from them.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a crate implements to be an app with the whole command line.
pub trait Project {
    /// The settings; their `Default` is what holds without any configuration.
    type Settings: Serialize + DeserializeOwned + JsonSchema + Default;

    /// The built-in environments: a name, and what its settings change in the default ones.
    ///
    /// `prod` exists also if it is not listed; it is the default settings then.
    fn environments() -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

/// A project without its types, so that the command is compiled once and not for each project.
pub(crate) trait AnyProject {
    /// See [`Project::environments`].
    fn environments(&self) -> Vec<(&'static str, Value)>;
    /// The default settings.
    fn defaults(&self) -> Value;
    /// The JSON Schema of the settings.
    fn schema(&self) -> Value;
    /// Whether `settings` are settings; otherwise the path of the value that is wrong, and why.
    fn check(&self, settings: &Value) -> Result<(), (Vec<String>, String)>;
}

/// Takes the types off the project `P`.
pub(crate) struct Erased<P>(pub(crate) PhantomData<P>);

impl<P: Project> AnyProject for Erased<P> {
    fn environments(&self) -> Vec<(&'static str, Value)> {
        P::environments()
    }

    fn defaults(&self) -> Value {
        serde_json::to_value(P::Settings::default()).expect("settings have text keys and finite numbers")
    }

    fn schema(&self) -> Value {
        schemars::schema_for!(P::Settings).to_value()
    }

    fn check(&self, settings: &Value) -> Result<(), (Vec<String>, String)> {
        typed::<P>(settings).map(|_| ())
    }
}

fn typed<P: Project>(settings: &Value) -> Result<P::Settings, (Vec<String>, String)> {
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().iter().map(ToString::to_string).collect();
        (path, error.into_inner().to_string())
    })
}
