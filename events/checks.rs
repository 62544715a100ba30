//! Checks: the files that a verification command runs or obeys. Whoever changes one of them decides
//! what is tested, so that a change of them is shown to the reviewer by name, and held for a person
//! where the project asks for it.
//!
//! What runs is read from the command line, and from the scripts, makefiles and package scripts
//! that it leads to: names of files in the place of a program, and the files that each known tool
//! obeys. It is a hint that is right for usual projects, never a boundary: what a test does can be
//! changed in a thousand places.

use std::collections::BTreeSet;

/// Files that are followed from one to the next, at most.
const FOLLOWED_MAX: usize = 40;

/// Tools, and the files that each obeys: a name anywhere, `x*` what begins so, `*x` what ends so,
/// `folder/` all below.
const OBEYED: &[(&[&str], &[&str])] = &[
    (
        &["make", "gmake"],
        &["Makefile", "makefile", "GNUmakefile", "*.mk"],
    ),
    (&["just"], &["justfile", "Justfile", ".justfile", "*.just"]),
    (&["task"], &["Taskfile.yml", "Taskfile.yaml"]),
    (
        &[
            "npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx", "node", "deno", "jest", "vitest",
            "mocha",
        ],
        &[
            "package.json",
            "jest.config.*",
            "vitest.config.*",
            "vitest.workspace.*",
            "vite.config.*",
            "playwright.config.*",
            "karma.conf.*",
            ".mocharc.*",
            "deno.json",
            "deno.jsonc",
            "bunfig.toml",
        ],
    ),
    (
        &["cargo"],
        &[
            "Cargo.toml",
            ".cargo/",
            "rust-toolchain",
            "rust-toolchain.toml",
            "nextest.toml",
            "build.rs",
        ],
    ),
    (
        &[
            "pytest", "tox", "nox", "python", "python3", "uv", "poetry", "pdm", "hatch",
        ],
        &[
            "pyproject.toml",
            "pytest.ini",
            ".pytest.ini",
            "tox.ini",
            "setup.cfg",
            "setup.py",
            "conftest.py",
            "noxfile.py",
        ],
    ),
    (&["go"], &["go.mod", "go.work"]),
    (&["mvn", "mvnw"], &["pom.xml", ".mvn/"]),
    (
        &["gradle", "gradlew"],
        &[
            "build.gradle",
            "build.gradle.kts",
            "settings.gradle",
            "settings.gradle.kts",
            "gradle.properties",
        ],
    ),
    (
        &["dotnet"],
        &[
            "*.csproj",
            "*.fsproj",
            "*.sln",
            "Directory.Build.props",
            "Directory.Build.targets",
        ],
    ),
    (
        &["bundle", "rake", "rspec"],
        &["Rakefile", "Gemfile", ".rspec"],
    ),
    (
        &["composer", "phpunit"],
        &["composer.json", "phpunit.xml", "phpunit.xml.dist"],
    ),
    (
        &["cmake", "ctest"],
        &["CMakeLists.txt", "CMakePresets.json", "*.cmake"],
    ),
    (&["meson"], &["meson.build"]),
    (&["mix"], &["mix.exs"]),
    (&["swift"], &["Package.swift"]),
    (
        &["bazel", "bazelisk"],
        &[
            "BUILD",
            "BUILD.bazel",
            "WORKSPACE",
            "MODULE.bazel",
            ".bazelrc",
        ],
    ),
];
/// Programs whose first word that is no option is the file that they run.
const INTERPRETERS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "python", "python3", "node", "ruby", "perl", "php", "deno", "bun",
    "tsx", "ts-node", "Rscript", "lua", "source", ".", "exec", "env", "time", "timeout", "sudo",
    "nice", "xargs",
];
/// Words that a command follows.
const BEFORE: &[&str] = &["then", "do", "else", "if", "while", "until", "!", "{", "("];

/// Those of the changed paths that the verification runs or obeys. `read` answers the commands that
/// a file holds, in the tree that the change is made to, where it is there: of most files all of
/// their text.
pub fn touched<'a>(
    command: &str,
    changed: impl Iterator<Item = &'a str>,
    read: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let run = Run::of(command, read);
    let touched = changed.filter(|path| run.covers(path));
    touched.map(str::to_owned).collect()
}

/// What a command line leads to.
#[derive(Default)]
struct Run {
    files: BTreeSet<String>,
    obeyed: BTreeSet<&'static str>,
}

impl Run {
    fn of(command: &str, read: impl Fn(&str) -> Option<String>) -> Self {
        let mut run = Self::default();
        run.take(command);

        // Every word of the command itself that names a file is run by it, or given to what is.
        run.files.extend(words(command).filter_map(path_of));

        let mut followed = BTreeSet::new();
        while let Some(path) = run.next(&followed, &read) {
            if followed.len() == FOLLOWED_MAX {
                break;
            }
            let text = read(&path).unwrap_or_default();
            run.take(&text);
            followed.insert(path);
        }

        run
    }

    /// A file that is there and was not followed yet.
    fn next(
        &self,
        followed: &BTreeSet<String>,
        read: &impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let exact = self.obeyed.iter().filter(|name| !name.contains(['*', '/']));
        let named = self.files.iter().map(String::as_str);
        let mut candidates = named.chain(exact.copied());
        let fresh = candidates.find(|path| !followed.contains(*path) && read(path).is_some());
        fresh.map(str::to_owned)
    }

    /// Takes the commands of a text.
    fn take(&mut self, text: &str) {
        for line in text.lines() {
            let code = line.trim_start_matches(['\t', ' ', '@', '-', '+']);
            if code.starts_with('#') {
                continue;
            }
            for segment in code.split([';', '|', '&', '(', ')', '`']) {
                self.take_command(segment);
            }
        }
    }

    fn take_command(&mut self, segment: &str) {
        let mut runs = true;

        for word in words(segment) {
            if !runs {
                break;
            }
            let is_set = word.contains('=') && !word.starts_with('-');
            if BEFORE.contains(&word) || is_set || word.starts_with('-') {
                continue;
            }
            let name = word.rsplit('/').next().unwrap_or(word);
            let tools = OBEYED.iter().filter(|(tools, _)| tools.contains(&name));
            self.obeyed
                .extend(tools.flat_map(|(_, files)| files.iter().copied()));
            let follows = INTERPRETERS.contains(&name);
            if !follows {
                self.files.extend(path_of(word));
            }
            // `python -m pytest` and `npx jest` name a tool in the next word.
            runs = follows || OBEYED.iter().any(|(tools, _)| tools.contains(&name));
        }
    }

    fn covers(&self, path: &str) -> bool {
        self.files.contains(path) || self.obeyed.iter().any(|pattern| obeys(pattern, path))
    }
}

/// Whether a pattern of [`OBEYED`] covers a path.
fn obeys(pattern: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(begin)) => name.starts_with(begin),
        (None, None) => crate::protect::covers(pattern, path),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let split = |c: char| c.is_whitespace() || "'\"`;|&()<>,".contains(c);
    text.split(split).filter(|word| !word.is_empty())
}

/// The path that a word may be.
fn path_of(word: &str) -> Option<String> {
    let path = word.trim_start_matches("./").trim_end_matches('/');
    let odd = path.is_empty() || path.starts_with(['/', '-', '$', '~']) || path.contains("..");
    (!odd).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(path: &str) -> Option<String> {
        let text = match path {
            "Makefile" => "test:\n\t@sh tests/run.sh\nbuild:\n\tcc -o x src/main.c\n",
            "tests/run.sh" => {
                "#!/bin/sh\nset -e\n# sh notes.sh\nif ./tests/more; then python3 -m pytest; fi\n"
            }
            "tests/more" => "true\n",
            "package.json" => "node test.js && jest\n",
            "test.js" | "index.js" | "notes.sh" | "src/main.c" => "",
            _ => return None,
        };
        Some(text.to_owned())
    }

    #[test]
    fn what_a_verification_runs_is_known_by_its_command() {
        let table: [(&str, &[&str], &[&str]); 14] = [
            (
                "make test",
                &["Makefile", "sub/Makefile", "src/main.c"],
                &["Makefile", "sub/Makefile"],
            ),
            (
                "make test",
                &["tests/run.sh", "tests/more", "notes.sh"],
                &["tests/run.sh", "tests/more"],
            ),
            ("make test", &["conftest.py", "x.py"], &["conftest.py"]),
            (
                "npm ci && npm test",
                &["package.json", "test.js", "index.js"],
                &["package.json", "test.js"],
            ),
            (
                "npm test",
                &["jest.config.mjs", "src/a.ts"],
                &["jest.config.mjs"],
            ),
            (
                "sh ./check.sh --all",
                &["check.sh", "README"],
                &["check.sh"],
            ),
            ("./check", &["check"], &["check"]),
            ("bash -e ci/verify.sh", &["ci/verify.sh"], &["ci/verify.sh"]),
            (
                "python3 -m pytest",
                &["pyproject.toml", "setup.cfg", "a.py"],
                &["pyproject.toml", "setup.cfg"],
            ),
            (
                "cargo test --workspace",
                &["Cargo.toml", ".cargo/config.toml", "src/lib.rs"],
                &["Cargo.toml", ".cargo/config.toml"],
            ),
            (
                "go vet ./... && go test ./...",
                &["go.mod", "main.go"],
                &["go.mod"],
            ),
            ("RUST_LOG=x just ci", &["justfile"], &["justfile"]),
            ("test -f README", &["README", "Makefile"], &["README"]),
            ("", &["Makefile"], &[]),
        ];

        for (command, changed, expected) in table {
            let found = touched(command, changed.iter().copied(), tree);
            assert_eq!(found, expected, "{command}: {changed:?}");
        }
    }

    /// Files that lead to each other come to an end.
    #[test]
    fn what_runs_itself_is_followed_once() {
        let read = |path: &str| {
            let n: u32 = path.strip_prefix('s')?.parse().ok()?;
            Some(format!("sh s{}\nsh s{n}\n", n + 1))
        };
        let found = touched("sh s1", ["s1", "s2", "s9", "s90"].into_iter(), read);
        assert_eq!(found, ["s1", "s2", "s9"]);
    }

    /// How a command is read, word by word.
    #[test]
    fn what_a_line_runs_is_read_as_a_shell_would() {
        let table: [(&str, &str, bool); 18] = [
            ("CC=gcc ./check", "check", true),
            ("-x=1 ./check", "check", true),
            ("bash -x check.sh", "check.sh", true),
            ("time nice sh check.sh", "check.sh", true),
            ("make", "GNUmakefile", true),
            ("python3 -m pytest", "conftest.py", true),
            ("npx jest", "jest.config.js", true),
            ("/usr/bin/make test", "Makefile", true),
            ("echo make", "Makefile", false),
            ("sh 'check.sh'", "check.sh", true),
            ("sh \"check.sh\"", "check.sh", true),
            ("sh check.sh;true", "check.sh", true),
            ("(sh check.sh)", "check.sh", true),
            ("sh < check.sh", "check.sh", true),
            ("sh ../check.sh", "../check.sh", false),
            ("sh /check.sh", "/check.sh", false),
            ("sh $CHECK", "$CHECK", false),
            ("sh ~/check.sh", "~/check.sh", false),
        ];
        for (command, path, wanted) in table {
            let found = touched(command, [path].into_iter(), |_| None);
            assert_eq!(found.len(), usize::from(wanted), "{command}: {path}");
        }
    }

    /// What a file holds is read as commands, without its comments; a file that is not there, or
    /// that only a pattern names, holds none.
    #[test]
    fn files_that_are_run_lead_to_what_they_run() {
        let read = |path: &str| match path {
            "a.sh" => Some("# sh no.sh\n@sh b.sh # c.sh\n\t-sh d.sh | sh e.sh\n".to_owned()),
            "b.sh" => Some("if ! sh f.sh; then (sh g.sh); fi\n".to_owned()),
            "d.sh" => Some("A=1 node -r x.js h.js\n".to_owned()),
            _ => None,
        };
        for (path, wanted) in [
            ("a.sh", true),
            ("b.sh", true),
            ("d.sh", true),
            ("e.sh", true),
            ("f.sh", true),
            ("g.sh", true),
            ("x.js", true),
            ("no.sh", false),
            ("z.sh", false),
        ] {
            let found = touched("sh a.sh", [path].into_iter(), read);
            assert_eq!(found.len(), usize::from(wanted), "{path}");
        }
    }

    #[test]
    fn a_pattern_covers_an_end_a_beginning_or_a_name() {
        for (pattern, path, wanted) in [
            ("*.csproj", "src/a.csproj", true),
            ("*.csproj", "src/a.csproj.md", false),
            ("jest.config.*", "web/jest.config.mjs", true),
            ("jest.config.*", "jest.configs", false),
            (".cargo/config.toml", ".cargo/config.toml", true),
            (".cargo/config.toml", "a/.cargo/config.toml", false),
            ("Makefile", "sub/Makefile", true),
        ] {
            assert_eq!(obeys(pattern, path), wanted, "{pattern} {path}");
        }
    }
}
