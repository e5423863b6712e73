//! A stack that is, or was, in AWS: one of the project's, or any other by its name or ARN.

use cloud::stack_name;
use constructs::SynthesizedStack;

use crate::session::{Session, is_called};

/// Which stack is meant, and where it is.
pub(crate) struct Deployed {
    /// Its name in CloudFormation, or its ARN.
    pub(crate) name: String,
    pub(crate) region: Option<String>,
    pub(crate) account: Option<String>,
    /// Where its resources come from, if it is one of the project's.
    pub(crate) synthesized: Option<SynthesizedStack>,
}

impl Deployed {
    /// A stack of the project.
    pub(crate) fn of(stack: SynthesizedStack) -> Deployed {
        Deployed {
            name: stack.name.clone(),
            region: stack.region.clone(),
            account: stack.account.clone(),
            synthesized: Some(stack),
        }
    }

    /// The stack that is called `text`. A project whose settings are wrong is no obstacle: what happened in AWS can be told
    /// without construct paths.
    pub(crate) fn find(text: &str, session: &mut Session<'_>) -> Deployed {
        let name = stack_name(text);
        let stacks = if let Ok(synthesis) = session.synthesize(&[]) {
            synthesis.stacks
        } else {
            let note = "the settings are wrong, so resources are shown without their constructs";
            session.printer.status(note);
            vec![]
        };
        let synthesized = stacks.into_iter().find(|stack| is_called(stack, name));
        if name != text {
            let part = |n| text.split(':').nth(n).filter(|part| !part.is_empty()).map(str::to_owned);
            return Deployed { name: text.to_owned(), region: part(3), account: part(4), synthesized };
        }
        match synthesized {
            Some(stack) => Deployed::of(stack),
            None => Deployed { name: text.to_owned(), region: None, account: None, synthesized: None },
        }
    }

    /// Its name without the rest of an ARN, as people call it.
    pub(crate) fn label(&self) -> &str {
        stack_name(&self.name)
    }
}
