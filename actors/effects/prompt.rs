//! What a session is told at its beginning: in the repository's own words, where it has any.

use super::*;
use crate::chores::Chore;

/// Where a repository keeps prompts of its own, a file a role.
const OWN_PROMPTS: &str = ".supercargo/prompts";

impl Effects {
    /// The role's prompt: the project's own where the trunk holds one that can be rendered, and
    /// ours beside what is wrong with it.
    pub(super) async fn prompt(
        &self,
        project: &ProjectName,
        told: &Told,
    ) -> Result<String, Trouble> {
        let branch = self.view(project, |view| view.merge_queue.state.branch.clone())?;
        let path = format!("{OWN_PROMPTS}/{}.md", told.role.name());
        let (faults, chore) = (&self.directory.kernel().faults, Chore::Prompt(told.role));
        let Some(own) = self.contents.read_file(project, &branch, &path).await? else {
            faults.well(Some(project), chore);
            return Ok(self.prompts.render(told)?);
        };

        let own = String::from_utf8_lossy(&own);
        match self.prompts.render_own(&own, told) {
            Ok(prompt) => {
                faults.well(Some(project), chore);
                Ok(prompt)
            }
            Err(why) => {
                faults.failing(Some(project), chore, &format!("{path}: {why}"));
                Ok(format!(
                    "{}\n({path} of this repository was not used: {why})\n",
                    self.prompts.render(told)?
                ))
            }
        }
    }
}
