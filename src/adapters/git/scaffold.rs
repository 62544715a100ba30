//! What Supercargo writes into a repository: a section of `AGENTS.md` between two marks, a
//! `CLAUDE.md` that points there where there is none. Everything else in those files is the user's
//! and stays, byte by byte; what is as it should be is not touched.

use actors::ports::PortError;
use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, Tree};

use super::{side, trouble};

/// The section, with its marks.
const SECTION: &str = include_str!("../../../templates/project/section.md");
const BEGIN: &str = "<!-- supercargo:begin -->";
const END: &str = "<!-- supercargo:end -->";
/// The file that agents read.
const AGENTS: &str = "AGENTS.md";
/// What a new one begins with.
const HEADING: &str = "# For agents\n";
/// What Claude Code reads.
const CLAUDE: &str = "CLAUDE.md";
const POINTER: &str = "@AGENTS.md\n";
/// Larger files are somebody's own and are left alone.
const READ_MAX: usize = 1024 * 1024;

/// `AGENTS.md` with our section as it should be: replaced where its marks are, added at the end
/// where they are not.
fn agents(text: Option<&str>) -> String {
    let Some(text) = text else {
        return format!("{HEADING}\n{SECTION}");
    };

    // The last pair: a mark that somebody left alone opens nothing.
    let marks = text
        .rfind(END)
        .and_then(|end| Some((text[..end].rfind(BEGIN)?, end + END.len())));
    match marks {
        Some((begin, end)) => format!("{}{}{}", &text[..begin], SECTION.trim_end(), &text[end..]),
        // The user's text stays as it is; only a line that was not ended is.
        None => format!(
            "{text}{}\n{SECTION}",
            if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            }
        ),
    }
}

/// The tree with the scaffold in it; the same tree, when it is there already.
pub(super) fn tree(repository: &Repository, base: Option<&Tree<'_>>) -> Result<Oid, PortError> {
    let bare = side::empty(repository)?;
    let base = base.unwrap_or(&bare);
    let mut update = TreeUpdateBuilder::new();
    let mut upsert = |name: &str, text: &str| {
        let blob = repository.blob(text.as_bytes()).map_err(trouble)?;
        update.upsert(name, blob, FileMode::Blob);
        Ok::<_, PortError>(())
    };

    match file(repository, base, AGENTS) {
        Found::Text(text) => upsert(AGENTS, &agents(Some(&text)))?,
        Found::Nothing => upsert(AGENTS, &agents(None))?,
        Found::Other => {}
    }

    if matches!(file(repository, base, CLAUDE), Found::Nothing) {
        upsert(CLAUDE, POINTER)?;
    }

    update.create_updated(repository, base).map_err(trouble)
}

enum Found {
    Text(String),
    /// A link, a folder, something large or no text: not ours to touch.
    Other,
    Nothing,
}

fn file(repository: &Repository, tree: &Tree<'_>, name: &str) -> Found {
    let Some(entry) = tree.get_name(name) else {
        return Found::Nothing;
    };

    let regular = [FileMode::Blob, FileMode::BlobExecutable]
        .iter()
        .any(|mode| entry.filemode() == i32::from(*mode));

    // Its size first: a large one is not taken into memory to learn that it is.
    let header = repository.odb().and_then(|odb| odb.read_header(entry.id()));
    let small = header.is_ok_and(|(size, _)| size <= READ_MAX);
    if !regular || !small {
        return Found::Other;
    }

    let blob = repository.find_blob(entry.id());
    match blob.map(|blob| String::from_utf8(blob.content().to_vec())) {
        Ok(Ok(text)) => Found::Text(text),
        _ => Found::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_text_stays_and_a_second_time_changes_nothing() {
        for text in [
            None,
            Some(""),
            Some("# Mine\n"),
            Some("# Mine\r\nno end"),
            Some("a\n<!-- supercargo:begin -->\nopen only\n"),
        ] {
            let first = agents(text);
            assert_eq!(agents(Some(&first)), first, "{text:?}");
            assert!(
                first.contains(SECTION.trim_end()) && first.starts_with(text.unwrap_or_default()),
                "{text:?}: {first}"
            );
        }

        let old = format!("before\n{BEGIN}\nold words\n{END}\nafter, mine\n");
        let new = agents(Some(&old));
        assert!(
            new.starts_with("before\n")
                && new.ends_with("\nafter, mine\n")
                && !new.contains("old words"),
            "{new}"
        );
    }
}
