//! Paths whose change a person has to approve before it is published: what decides what others run,
//! and what they download.

/// The usual ones: continuous integration, hooks, what editors and agents obey, where packages come
/// from, lock files, our own folder.
const USUAL: &[&str] = &[
    ".github/",
    ".gitlab/",
    ".forgejo/",
    ".gitea/",
    ".gitlab-ci.yml",
    ".circleci/",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker/",
    ".woodpecker.yml",
    ".woodpecker.yaml",
    ".drone.yaml",
    ".gitlab-ci.yaml",
    ".buildkite/",
    ".cirrus.yml",
    ".appveyor.yml",
    "appveyor.yml",
    ".builds/",
    ".build.yml",
    "Jenkinsfile",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    "bitbucket-pipelines.yml",
    ".githooks/",
    ".husky/",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "lefthook.yml",
    ".lefthook.yml",
    ".lefthook/",
    ".vscode/",
    ".idea/",
    ".devcontainer/",
    ".devcontainer.json",
    ".gitattributes",
    ".gitmodules",
    ".claude/",
    ".codex/",
    ".gemini/",
    ".opencode/",
    "opencode.json",
    "opencode.jsonc",
    ".cursor/",
    ".mcp.json",
    ".envrc",
    ".supercargo/",
    ".cargo/",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".yarn/",
    ".pnpmfile.cjs",
    "bunfig.toml",
    "pip.conf",
    "uv.toml",
    ".pypirc",
    ".bundle/",
    "NuGet.Config",
    ".mvn/",
    "gradle-wrapper.properties",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "Cargo.lock",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "Gemfile.lock",
    "composer.lock",
    "go.sum",
    "flake.lock",
    "pdm.lock",
    "mix.lock",
    "packages.lock.json",
    ".lfsconfig",
];
/// Most patterns of a project.
pub const PATTERNS_MAX: usize = 200;
/// Longest pattern, in bytes.
const PATTERN_MAX: usize = 200;

/// What is protected unless a project says otherwise.
pub fn usual() -> Vec<String> {
    USUAL.iter().map(|pattern| (*pattern).to_owned()).collect()
}

/// Whether a pattern covers a path: `name` a file of this name anywhere, `folder/` everything below
/// a folder of this name anywhere and whatever else has its name, for that may be a link to another
/// folder; with a slash inside, from the root. Case does not count: some file systems do not see
/// it.
pub fn covers(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.to_lowercase(), path.to_lowercase());
    let rooted = pattern.trim_end_matches('/').contains('/');
    let from = |start: &str| {
        if pattern.ends_with('/') {
            start.starts_with(&pattern) || start == &pattern[..pattern.len() - 1]
        } else {
            start == pattern
        }
    };
    from(&path) || (!rooted && path.match_indices('/').any(|(at, _)| from(&path[at + 1..])))
}

/// Those of these paths that a pattern covers.
pub fn protected<'a>(patterns: &[String], paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    paths
        .filter(|path| patterns.iter().any(|pattern| covers(pattern, path)))
        .map(str::to_owned)
        .collect()
}

/// Says what is wrong with these patterns, if anything is.
pub fn check(patterns: &[String]) -> Result<(), String> {
    if patterns.len() > PATTERNS_MAX {
        return Err(format!(
            "protected has {} patterns, at most {PATTERNS_MAX} are taken",
            patterns.len()
        ));
    }

    let odd = |p: &&String| {
        p.is_empty()
            || p.len() > PATTERN_MAX
            || p.starts_with('/')
            || p.contains('\0')
            || p.contains('*')
    };
    match patterns.iter().find(odd) {
        Some(pattern) => Err(format!(
            "protected: \"{pattern}\" is no pattern: write a name, folder/ or path/from/the/root"
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_names_folders_and_paths() {
        for (pattern, path, wanted) in [
            (".github/", ".github/workflows/ci.yml", true),
            (".github/", "sub/.github/x", true),
            (".github/", ".github", true),
            (".github/", "sub/.husky", false),
            (".husky/", "sub/.husky", true),
            (".github/", ".github.md", false),
            ("deploy/prod/", "deploy/prod", true),
            ("deploy/prod/", "deploy", false),
            (".github/", "my.github/x", false),
            ("Cargo.lock", "Cargo.lock", true),
            ("Cargo.lock", "crates/a/Cargo.lock", true),
            ("Cargo.lock", "crates/a/Cargo.lock.md", false),
            ("Cargo.lock", "cargo.LOCK", true),
            (".Github/", ".gitHub/x", true),
            ("docs/ci.md", "docs/ci.md", true),
            ("docs/ci.md", "a/docs/ci.md", false),
            ("deploy/prod/", "deploy/prod/a", true),
            ("deploy/prod/", "x/deploy/prod/a", false),
        ] {
            assert_eq!(covers(pattern, path), wanted, "{pattern} {path}");
        }

        assert!(check(&usual()).is_ok());
        let usual = usual();

        for path in [
            ".forgejo/workflows/a.yml",
            ".gitea/workflows/a.yml",
            ".woodpecker.yaml",
            ".vscode/tasks.json",
            ".devcontainer/devcontainer.json",
            ".cargo/config.toml",
            "web/.npmrc",
            ".claude",
        ] {
            assert!(usual.iter().any(|pattern| covers(pattern, path)), "{path}");
        }

        for wrong in ["", "/etc", "*.lock"] {
            assert!(check(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn patterns_are_held_to_their_bounds() {
        let many = |count: usize| vec!["a".to_owned(); count];
        let long = |length: usize| vec!["a".repeat(length)];

        for (what, patterns, wanted) in [
            ("none", vec![], true),
            ("as many as fit", many(PATTERNS_MAX), true),
            ("one more", many(PATTERNS_MAX + 1), false),
            ("as long as fits", long(PATTERN_MAX), true),
            ("a byte more", long(PATTERN_MAX + 1), false),
            ("a hole", vec!["a\0b".to_owned()], false),
            ("a star inside", vec!["a/*/b".to_owned()], false),
            ("from the root", vec!["a/b".to_owned()], true),
            ("a slash before it", vec!["/a/b".to_owned()], false),
            ("the second is none", vec!["a".into(), String::new()], false),
        ] {
            assert_eq!(check(&patterns).is_ok(), wanted, "{what}");
        }
        let said = check(&["a".into(), "/etc".into()]).expect_err("no pattern");
        assert!(said.contains("\"/etc\""), "{said}");
    }

    #[test]
    fn those_that_a_pattern_covers_are_named_in_their_order() {
        let patterns = ["Cargo.lock".to_owned(), "ci/".to_owned()];
        let paths = [
            "z/ci/a",
            "src/lib.rs",
            "a/Cargo.lock",
            "ci",
            "cargo.lock.md",
        ];
        let found = protected(&patterns, paths.into_iter());
        assert_eq!(found, ["z/ci/a", "a/Cargo.lock", "ci"]);
        let none = protected(&[], paths.into_iter());
        assert_eq!(none, Vec::<String>::new());
    }
}
