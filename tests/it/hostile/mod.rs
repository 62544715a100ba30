//! Hostile agents in real containers: every way out that one can think of, and everything that
//! could bring a host down. What they print is not believed: the outside is watched.

mod egress;
mod files;
mod limits;
pub(crate) mod processes;
mod repositories;
mod resources;

use serde_json::Value;

use crate::binary::Serving;
use crate::newcomer::{Newcomer, OTHER_ROLES};
use crate::world::stub::git;

/// A coder that does this, and a feature for it, on a server that was begun.
fn begin(coder: &str, settings: &Value, files: &[(&str, &str)]) -> (Newcomer, Serving) {
    let me = Newcomer::new();
    let tree = me.folder.path().join("tree");

    for (name, text) in files {
        fs_err::write(tree.join(name), text).expect("file");
        git(&tree, &["add", "--all"]).expect("added");
        git(&tree, &["commit", "--quiet", "-m", "Add a file"]).expect("committed");
        git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    }

    let serve = me.command(&["serve", "--listen", "127.0.0.1:0", "--engine", "docker"]);
    let server = Serving::start(serve);
    me.add_zoo();
    let agent = format!("case \"$SUPERCARGO_ROLE\" in\ncoder) {coder} ;;{OTHER_ROLES}");

    me.ok(&[
        "project",
        "set",
        "zoo",
        "--verify",
        "test -f README",
        "--target",
        "1",
        "--agent-command",
        &agent,
    ]);
    me.patch("/api/v1/projects/zoo", settings);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);

    (me, server)
}

fn of<'a>(log: &'a [Value], kind: &str) -> Vec<&'a Value> {
    log.iter()
        .filter(|event| event["type"] == kind)
        .map(|event| &event["data"])
        .collect()
}
