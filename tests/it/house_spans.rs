//! Every verb of the operator has a span that names the request, so that its id finds all that the
//! verb does.

use crate::house::{root, rust_files};

#[test]
fn every_verb_of_the_operator_names_its_request() {
    let mut verbs = 0;
    for (path, text) in rust_files() {
        if !path.starts_with(root().join("src/operator")) {
            continue;
        }
        for (n, _) in text.match_indices("    pub async fn ") {
            let (before, from) = text.split_at(n);
            let parameters = from.split('{').next().unwrap_or_default();
            if !parameters.contains("&RequestContext") {
                continue;
            }

            verbs += 1;
            let name = parameters.split('(').next().unwrap_or_default();
            let above = before.trim_end().rsplit("\n\n").next().unwrap_or_default();
            let told = above.contains("#[instrument(") && above.contains("request = %context.id");
            assert!(told, "{}: {name} has no span", path.display());
        }
    }
    assert!(verbs > 30, "only {verbs} verbs were found");
}
