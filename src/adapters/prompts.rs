//! Prompts from the templates inside the binary. An unknown name in a template is an error, not an
//! empty text.

use actors::ports::PortError;
use actors::ports::prompts::{Prompts, Told};
use events::holder::Role;
use minijinja::{Environment, UndefinedBehavior};

/// What one prompt may cost: steps, or 64 bytes each. Many times what the largest spec needs, and
/// an end for a template that has none.
const FUEL: u64 = 1_000_000;

/// The built-in prompts.
pub struct BuiltIn(Environment<'static>);

fn name(role: Role) -> &'static str {
    role.name()
}

impl BuiltIn {
    /// Parses all templates.
    pub fn new() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_template(
            "initializer",
            include_str!("../../templates/prompts/initializer.md"),
        )?;
        environment.add_template("coder", include_str!("../../templates/prompts/coder.md"))?;
        environment.add_template(
            "reviewer",
            include_str!("../../templates/prompts/reviewer.md"),
        )?;
        environment.add_template(
            "overseer",
            include_str!("../../templates/prompts/overseer.md"),
        )?;

        Ok(Self(environment))
    }
}

impl Prompts for BuiltIn {
    fn render(&self, told: &Told) -> Result<String, PortError> {
        let template = self.0.get_template(name(told.role));
        let rendered = template.and_then(|t| t.render(minijinja::value::Serde(told)));
        rendered.map_err(|e| {
            PortError::Permanent(format!(
                "the {} prompt cannot be rendered: {e}",
                told.role.name()
            ))
        })
    }

    fn render_own(&self, template: &str, told: &Told) -> Result<String, PortError> {
        let rendered = self.0.render_str(template, minijinja::value::Serde(told));
        rendered.map_err(|e| {
            PortError::Permanent(format!(
                "the project's own {} prompt cannot be rendered: {e}",
                told.role.name()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(role: Role) -> Told {
        Told {
            role,
            project: "zoo".into(),
            spec: "THE-SPEC".into(),
            feature: "feat-abc12".into(),
            title: "A part".into(),
            description: "THE-DESCRIPTION".into(),
            steps: vec!["first".into()],
            epoch: 2,
            notes: vec!["reviewer: no usage line".into()],
            remarks: vec![],
            similar: vec!["src/a.rs".into()],
            earlier: vec!["claim 1 left 0123".into()],
            sha: "0".repeat(40),
            branch: "work/feat-abc12/2".into(),
            verify: "make test".into(),
            closed: vec!["feat-x: done".into()],
            step: 50,
        }
    }

    #[test]
    fn a_template_of_a_repository_comes_to_an_end() {
        let prompts = BuiltIn::new().expect("templates parse");
        let long = Told {
            spec: "x".repeat(4 << 20),
            ..told(Role::Coder)
        };
        assert!(
            prompts
                .render_own("{{ spec }}", &long)
                .is_ok_and(|text| text.len() == 4 << 20),
            "a large spec is no trouble"
        );

        for endless in [
            "{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}x{% \
             endfor %}{% endfor %}{% endfor %}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{{ 'x' * 4000000000 }}",
            "{% set a = ['x' * 100000] * 100000 %}{{ a | join }}",
        ] {
            let refused = prompts
                .render_own(endless, &told(Role::Coder))
                .expect_err(endless);
            assert!(
                refused
                    .to_string()
                    .contains("the project's own coder prompt"),
                "{refused}"
            );
        }
    }

    #[test]
    fn every_role_with_an_agent_has_a_prompt_that_carries_the_facts() {
        let prompts = BuiltIn::new().expect("templates parse");

        for role in [
            Role::Initializer,
            Role::Coder,
            Role::Reviewer,
            Role::Overseer,
        ] {
            let text = prompts.render(&told(role)).expect("rendered");
            let wanted = match role {
                Role::Initializer | Role::Overseer => "THE-SPEC",
                _ => "THE-DESCRIPTION",
            };
            assert!(text.contains(wanted) && text.contains("zoo"), "{text}");
        }
    }
}
