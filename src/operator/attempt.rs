//! The trial at `project start`: whether the programs of the project's agents, and of what it runs
//! first, are where its containers would look for them.

use std::borrow::Cow;

use actors::ports::engine::{Sought, StartError};
use events::project::Intent;

use super::{Done, Operator};
use actors::rejection::Rejection;

impl Operator {
    /// Seeks the programs that a project needs in a container of its engine and image. A project
    /// that runs was tried before.
    ///
    /// # Errors
    /// The program that is missing, where, and what to do; or why the engine starts nothing. An
    /// engine that cannot be asked says nothing about programs: what it keeps from starting is
    /// shown under Needs you.
    pub async fn try_programs(&self, name: &str) -> Done<()> {
        let Some(engine) = &self.deps.engine else {
            return Ok(());
        };
        let settings = self.read(&Self::name(name)?, |view| {
            let registered = view.registered()?;
            let running = matches!(registered.intent, Intent::Running { .. });
            Some((!running).then(|| registered.settings.clone()))
        })?;
        let Some(settings) = settings else {
            return Ok(());
        };

        for (need, program) in settings.programs() {
            let whose = need.whose();
            match engine.seek(&settings.container, program).await {
                Ok(Sought::Found) | Err(StartError::Unreachable(_)) => {}
                Ok(Sought::Missing { advice }) => {
                    let advice = advice.replace("NAME", name);
                    let missing = format!("{whose} {program} {advice}");
                    return Err(refused("program_missing", &missing));
                }
                Err(StartError::Failed { class, detail }) => {
                    let failed = format!("looking for {whose} {program}: {detail}");
                    return Err(refused(class.name().to_owned(), &failed));
                }
            }
        }
        Ok(())
    }
}

fn refused(code: impl Into<Cow<'static, str>>, why: &str) -> Rejection {
    Rejection::unfit(code, format!("{why}. Start without this trial: --no-trial"))
}
