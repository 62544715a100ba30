//! What an agent is told: the folded facts that go into a prompt, and the port that renders them.

use events::holder::Role;
use serde::Serialize;

use super::PortError;

/// Everything a prompt may speak of.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The role whose prompt it is.
    pub role: Role,
    /// Project name.
    pub project: String,
    /// The spec, when there is one.
    pub spec: String,
    /// Id of the feature; empty for roles without one.
    pub feature: String,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its steps.
    pub steps: Vec<String>,
    /// The claim's number.
    pub epoch: u64,
    /// What went before: reasons, comments, findings.
    pub notes: Vec<String>,
    /// What is not as usual about the tree.
    pub remarks: Vec<String>,
    /// Files that similar features changed, and who works on similar ones now.
    pub similar: Vec<String>,
    /// Commits that earlier claims of the feature left in the gate.
    pub earlier: Vec<String>,
    /// The commit to start from or to look at.
    pub sha: String,
    /// The branch to push to.
    pub branch: String,
    /// The project's verification command, if set.
    pub verify: String,
    /// Closed features, for overseers.
    pub closed: Vec<String>,
    /// Percent, for overseers; 100 for the final verification.
    pub step: u8,
}

impl Told {
    /// A prompt that speaks of its role and project alone.
    pub fn nothing(role: Role, project: &str) -> Self {
        Self {
            role,
            project: project.to_owned(),
            spec: String::new(),
            feature: String::new(),
            title: String::new(),
            description: String::new(),
            steps: vec![],
            epoch: 0,
            notes: vec![],
            remarks: vec![],
            similar: vec![],
            earlier: vec![],
            sha: String::new(),
            branch: String::new(),
            verify: String::new(),
            closed: vec![],
            step: 0,
        }
    }
}

/// Renders prompts.
pub trait Prompts: Send + Sync {
    /// The prompt of a role.
    fn render(&self, told: &Told) -> Result<String, PortError>;
    /// The same by a project's own template.
    fn render_own(&self, template: &str, told: &Told) -> Result<String, PortError>;
}
