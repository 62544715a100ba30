//! A report as one HTML page: no scripts, nothing that is fetched, and every text escaped by the
//! template's own rules.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::page::Page;

/// The name of the template; what is rendered under it is escaped as HTML.
const NAME: &str = "report.html";

pub(super) fn text(page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template(NAME, include_str!("../../../templates/report/report.html"))?;

    let template = environment.get_template(NAME)?;
    template.render(minijinja::value::Serde(page))
}
