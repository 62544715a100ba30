//! What a repository brings that an agent CLI would obey without asking: settings, hooks, plugins,
//! MCP servers. The tools' own switches against it have holes (a plugin folder was loaded in spite
//! of three of them), so it is kept out of the tree while a vendor's tool works in it. It stays in
//! the repository: git is told not to look for it, so nothing is committed as removed.
//!
//! Text stays: instructions and skills are read by the model, as is everything else in the tree.

/// Folders and files that vendors' tools look into.
pub(super) const WATCHED: [&str; 7] = [
    ".claude",
    ".codex",
    ".gemini",
    ".opencode",
    ".mcp.json",
    "opencode.json",
    "opencode.jsonc",
];

/// A symbolic link, as git's index says it.
const LINK: &str = "120000";

/// The paths to keep out, from what `git ls-files -s -z` says of [`WATCHED`].
pub(super) fn kept_out(listed: &str) -> Vec<&str> {
    let entries = listed.split('\0').filter_map(|entry| {
        let (facts, path) = entry.split_once('\t')?;
        Some((facts.split(' ').next().unwrap_or_default(), path))
    });
    entries
        .filter(|(mode, path)| *mode == LINK || !is_text(path))
        .map(|(_, path)| path)
        .collect()
}

/// Whether a tool takes this as something to read, and not as something to do.
fn is_text(path: &str) -> bool {
    match path.split_once('/') {
        Some((_, within)) => {
            within.starts_with("skills/") || within.to_ascii_lowercase().ends_with(".md")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::kept_out;

    #[test]
    fn what_is_obeyed_is_kept_out_and_text_stays() {
        let file = |path: &str| format!("100644 {} 0\t{path}\0", "a".repeat(40));
        let listed = [
            ".claude/settings.json",
            ".claude/CLAUDE.md",
            ".claude/skills/deploy/run.sh",
            ".claude/agents/reviewer.md",
            ".claude/hooks/pre.sh",
            ".mcp.json",
            ".opencode/plugin/bait.js",
            ".opencode/command/x.MD",
            "opencode.jsonc",
            ".codex/config.toml",
            ".gemini/extensions/a/index.js",
        ];
        let mut listed: String = listed.map(file).concat();

        listed.push_str(&format!(
            "{} {} 0\t.opencode/skills\0",
            super::LINK,
            "b".repeat(40)
        ));
        assert_eq!(
            kept_out(&listed),
            [
                ".claude/settings.json",
                ".claude/hooks/pre.sh",
                ".mcp.json",
                ".opencode/plugin/bait.js",
                "opencode.jsonc",
                ".codex/config.toml",
                ".gemini/extensions/a/index.js",
                ".opencode/skills",
            ]
        );
        assert!(kept_out("").is_empty() && kept_out("odd").is_empty());
    }
}
