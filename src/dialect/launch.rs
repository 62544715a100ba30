//! How an agent is launched: its program, arguments, environment and files, as a value.

use std::path::{Path, PathBuf};

use actors::ports::models::Protocol;
use actors::sessions::wire::ModelApi;
use events::settings::{AgentSpec, Dialect};

use super::{claude, codex, gemini, opencode};

/// What stands where a tool insists on a key: the server adds the real one.
pub const NO_KEY: &str = "supercargo-adds-it";

/// How an agent is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program; found on the container's path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it needs in its environment beside what every agent gets.
    pub environment: Vec<(&'static str, String)>,
    /// Files that have to be there before it starts, with their content.
    pub files: Vec<(PathBuf, String)>,
}

/// Where an agent finds things in its container.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Its home folder.
    pub home: &'a Path,
    /// The tree it works on.
    pub tree: &'a Path,
    /// The runner's loopback, `http://127.0.0.1:PORT`.
    pub url: &'a str,
    /// Where its model is asked, when it has one.
    pub models: Option<&'a ModelApi>,
}

impl Surroundings<'_> {
    /// The address at which this provider's models are asked.
    pub(super) fn model_url(&self) -> Result<String, String> {
        let models = self.models.ok_or("the agent has a model and no provider")?;
        Ok(format!("{}{}", self.url, models.path()))
    }

    /// The address of our tools: the verbs of the session, for agents that speak the Model Context
    /// Protocol.
    pub(super) fn tools_url(&self) -> String {
        format!("{}/mcp", self.url)
    }
}

/// How the agent is launched; none for dialects that are not a vendor's tool.
pub fn launch(spec: &AgentSpec, around: &Surroundings<'_>) -> Result<Option<Launch>, String> {
    let model = || {
        spec.model
            .as_deref()
            .ok_or_else(|| format!("the dialect {} needs a model", spec.dialect.name()))
    };
    Ok(match spec.dialect {
        Dialect::Unset | Dialect::Script | Dialect::Command => None,
        Dialect::Claude => Some(claude::launch(model()?, around)?),
        Dialect::Codex => Some(codex::launch(model()?, around)?),
        Dialect::Opencode => Some(opencode::launch(model()?, around)?),
        Dialect::Gemini => Some(gemini::launch(model()?, around)?),
    })
}

/// Where tools find the model, for commands that were given a provider: the names that the field's
/// libraries read.
pub fn model_environment(around: &Surroundings<'_>) -> Result<Vec<(&'static str, String)>, String> {
    let Some(models) = around.models else {
        return Ok(Vec::new());
    };
    let url = around.model_url()?;
    let key = NO_KEY.to_owned();
    Ok(match models.protocol {
        Protocol::Anthropic => vec![("ANTHROPIC_BASE_URL", url), ("ANTHROPIC_API_KEY", key)],
        Protocol::Openai => vec![("OPENAI_BASE_URL", url), ("OPENAI_API_KEY", key)],
        Protocol::Gemini => vec![("GOOGLE_GEMINI_BASE_URL", url), ("GEMINI_API_KEY", key)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_launch_names_the_door_and_no_key() {
        let models = |protocol| ModelApi {
            provider: "p".into(),
            protocol,
        };
        let (home, tree) = (Path::new("/work/home"), Path::new("/work/tree"));

        for (model, protocol) in [
            ("claude-x", Protocol::Anthropic),
            ("gpt-x", Protocol::Openai),
            ("glm-4.7", Protocol::Openai),
            ("gemini-x", Protocol::Gemini),
        ] {
            let spec = AgentSpec::for_model(model).expect("a spec");
            let models = models(protocol);
            let around = Surroundings {
                home,
                tree,
                url: "http://127.0.0.1:9",
                models: Some(&models),
            };
            let launch = launch(&spec, &around).expect("a launch").expect("a tool");
            let all = format!("{launch:?}");
            assert!(all.contains("http://127.0.0.1:9/model/p"), "{all}");
            let told = launch
                .arguments
                .iter()
                .chain(launch.environment.iter().map(|(_, value)| value));
            let told = told.chain(launch.files.iter().map(|(_, content)| content));
            assert!(
                told.into_iter()
                    .any(|text| text.contains("http://127.0.0.1:9/mcp")),
                "{all}"
            );
            assert!(
                launch.files.iter().all(|(path, _)| path.starts_with(home)),
                "{all}"
            );
            let bare = Surroundings {
                models: None,
                ..around
            };
            assert!(
                super::launch(&spec, &bare).is_err(),
                "no provider, no launch"
            );
        }
    }
}
