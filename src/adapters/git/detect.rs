//! What a tree suggests where the project says nothing: the verification command, which is the
//! usual test command of its language, and the setup command, which takes what a lock file locks.
//! Both come from the files that the language's own tools look for.

use serde_json::Value;

use super::contents::{Read, TooLarge};

/// What `npm init` writes where nobody wrote a test.
const NO_TEST: &str = "no test specified";

/// Per language, the lock files of its package managers, each with the command that takes exactly
/// what is locked. Of a language the first that is there counts: one tool keeps it, others leave
/// theirs behind.
const LOCKS: [&[(&str, &str)]; 8] = [
    &[
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
        ("yarn.lock", "yarn install --frozen-lockfile"),
        ("bun.lock", "bun install --frozen-lockfile"),
        ("bun.lockb", "bun install --frozen-lockfile"),
        ("package-lock.json", "npm ci"),
        ("npm-shrinkwrap.json", "npm ci"),
    ],
    &[
        ("uv.lock", "uv sync --locked"),
        ("poetry.lock", "poetry install --no-interaction"),
        ("pdm.lock", "pdm install --frozen-lockfile"),
        ("Pipfile.lock", "pipenv sync --dev"),
    ],
    &[("Cargo.lock", "cargo fetch --locked")],
    &[("go.sum", "go mod download")],
    &[("composer.lock", "composer install --no-interaction")],
    &[(
        "Gemfile.lock",
        "BUNDLE_FROZEN=1 BUNDLE_PATH=\"$HOME/.bundle\" bundle install",
    )],
    &[("mix.lock", "mix deps.get --check-locked")],
    &[("packages.lock.json", "dotnet restore --locked-mode")],
];
/// Folders of packages that are kept in the tree: what they hold is not taken from elsewhere.
const VENDORED: [(&str, &str); 2] = [("go.sum", "vendor"), ("composer.lock", "vendor")];

/// Names of a makefile, in the order in which make looks for them.
const MAKEFILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];
/// The usual way to test what CMake builds.
const CMAKE: &str = "cmake -S . -B \"$HOME/build\" && cmake --build \"$HOME/build\" && ctest \
                     --test-dir \"$HOME/build\" --output-on-failure";

/// The lock files at the root, each with its setup command.
pub(super) fn locks(has: impl Fn(&str) -> bool) -> Vec<(&'static str, &'static str)> {
    let is_kept = |lock: &str| {
        let mut folders = VENDORED.iter();
        folders.any(|(of, folder)| *of == lock && has(folder))
    };
    let mut found = vec![];
    for language in LOCKS {
        let lock = language.iter().find(|(lock, _)| has(lock));
        found.extend(lock.filter(|(lock, _)| !is_kept(lock)).copied());
    }
    found
}

/// Looks at files of the root, as `read` answers them. One that has to be looked into, and is too
/// large for that, says nothing about what there is.
pub(super) fn detect(mut read: impl FnMut(&str) -> Read) -> Result<Option<String>, TooLarge> {
    if let Some(package) = read("package.json").whole("package.json")?
        && let Some(command) = node(&package, &mut |name| read(name).is_there())
    {
        return Ok(Some(command));
    }

    if let Some(command) = by_name(&mut |name| read(name).is_there()) {
        return Ok(Some(command.to_owned()));
    }

    for name in MAKEFILES {
        if let Some(bytes) = read(name).whole(name)? {
            if let Some(target) = make(&bytes) {
                return Ok(Some(format!("make {target}")));
            }
            break;
        }
    }

    Ok(match read("CMakeLists.txt").is_there() {
        true => Some(CMAKE.to_owned()),
        false => None,
    })
}

/// The command of a language whose files say by their names what it is.
fn by_name(has: &mut dyn FnMut(&str) -> bool) -> Option<&'static str> {
    if [
        "pyproject.toml",
        "pytest.ini",
        "tox.ini",
        "setup.cfg",
        "setup.py",
    ]
    .iter()
    .any(|name| has(name))
    {
        return Some("python3 -m pytest");
    }
    if has("Cargo.toml") {
        return Some(match has("Cargo.lock") {
            true => "cargo test --workspace --locked",
            false => "cargo test --workspace",
        });
    }

    has("go.mod").then_some("go vet ./... && go test ./...")
}

/// The commands that a file holds: of a package its scripts, of everything else all of it.
pub(super) fn commands(path: &str, bytes: &[u8]) -> String {
    if !path.ends_with("package.json") {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let package: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let scripts = package.get("scripts").and_then(Value::as_object);
    let lines = scripts.into_iter().flat_map(|scripts| scripts.values());
    let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
    lines.join("\n")
}

fn node(package: &[u8], has: &mut dyn FnMut(&str) -> bool) -> Option<String> {
    let package: Value = serde_json::from_slice(package).ok()?;
    let test = package.pointer("/scripts/test")?.as_str()?;
    if test.contains(NO_TEST) || test.trim().is_empty() {
        return None;
    }

    let install = [
        (
            "pnpm-lock.yaml",
            "pnpm install --frozen-lockfile && pnpm test",
        ),
        ("yarn.lock", "yarn install --frozen-lockfile && yarn test"),
        ("bun.lock", "bun install --frozen-lockfile && bun run test"),
        ("package-lock.json", "npm ci && npm test"),
    ];
    let locked = install
        .iter()
        .find(|(lock, _)| has(lock))
        .map(|(_, command)| (*command).to_owned());
    let needs = |key: &str| match package.get(key) {
        Some(Value::Object(packages)) => !packages.is_empty(),
        Some(_) | None => false,
    };
    let loose = if needs("dependencies") || needs("devDependencies") {
        "npm install && npm test"
    } else {
        "npm test"
    };

    Some(locked.unwrap_or_else(|| loose.to_owned()))
}

/// The target that tests, if the file has one.
fn make(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let is = |line: &str, target: &str| {
        line.strip_prefix(target)
            .is_some_and(|rest| rest.trim_start().starts_with(':'))
    };
    ["test", "check"].into_iter().find(|target| {
        text.lines()
            .any(|line| is(line, target) && !line.contains(":="))
    })
}

#[cfg(test)]
mod tests {
    use super::{LOCKS, Read, detect, locks};

    /// What chooses the setup command of every session waits for a person when work changes it.
    #[test]
    fn what_suggests_a_setup_is_protected() {
        let usual = events::protect::usual();
        for (lock, _) in LOCKS.into_iter().flatten() {
            let changed = std::iter::once(*lock);
            let held = events::protect::protected(&usual, changed);
            assert_eq!(held, [*lock], "{lock}");
        }
    }

    #[test]
    fn each_lock_file_has_the_command_that_takes_what_it_locks() {
        for (lock, command) in LOCKS.into_iter().flatten() {
            let alone = locks(|name| name == *lock);
            assert_eq!(alone, vec![(*lock, *command)]);
        }

        let of = |files: &[&str]| -> Vec<&str> {
            let found = locks(|name| files.contains(&name));
            found.into_iter().map(|(_, command)| command).collect()
        };

        let table: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&["package.json", "Cargo.toml"], &[]),
            (
                &["package-lock.json", "yarn.lock"],
                &["yarn install --frozen-lockfile"],
            ),
            (
                &["Cargo.lock", "package-lock.json"],
                &["npm ci", "cargo fetch --locked"],
            ),
            (&["go.sum", "vendor"], &[]),
            (&["uv.lock", "vendor"], &["uv sync --locked"]),
        ];
        for (files, expected) in table {
            assert_eq!(of(files), *expected, "{files:?}");
        }
    }

    #[test]
    fn each_language_has_its_usual_command() {
        let of = |files: &[(&str, &str)]| {
            let files: Vec<(String, Vec<u8>)> = files
                .iter()
                .map(|(n, t)| ((*n).to_owned(), t.as_bytes().to_vec()))
                .collect();
            detect(move |name| {
                let known = files.iter().find(|(known, _)| known == name);
                known.map_or(Read::Missing, |(_, bytes)| Read::Whole(bytes.clone()))
            })
            .expect("small files")
        };
        let tested = r#"{"scripts": {"test": "node --test"}}"#;
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);

        let table: &[Row<'_>] = &[
            (&[], None),
            (&[("README.md", "cargo test")], None),
            (&[("package.json", tested)], Some("npm test")),
            (
                &[("package.json", tested), ("package-lock.json", "{}")],
                Some("npm ci && npm test"),
            ),
            (
                &[("package.json", tested), ("pnpm-lock.yaml", "")],
                Some("pnpm install --frozen-lockfile && pnpm test"),
            ),
            (
                &[(
                    "package.json",
                    r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#,
                )],
                None,
            ),
            (&[("package.json", "{broken")], None),
            (
                &[("package.json", "{}"), ("Cargo.toml", "")],
                Some("cargo test --workspace"),
            ),
            (
                &[("Cargo.toml", ""), ("Cargo.lock", "")],
                Some("cargo test --workspace --locked"),
            ),
            (&[("pyproject.toml", "")], Some("python3 -m pytest")),
            (
                &[("go.mod", "module x")],
                Some("go vet ./... && go test ./..."),
            ),
            (
                &[("Makefile", "all:\n\techo\ntest: all\n\t./t\n")],
                Some("make test"),
            ),
            (&[("Makefile", "check:\n\t./t\n")], Some("make check")),
            (&[("Makefile", "test := 1\nall:\n")], None),
            (&[("Makefile", "tests:\n\t./t\n")], None),
        ];
        for (files, wanted) in table {
            assert_eq!(of(files).as_deref(), *wanted, "{files:?}");
        }

        assert!(
            of(&[("CMakeLists.txt", "")])
                .expect("a command")
                .starts_with("cmake ")
        );
    }

    /// A lock file is known by its name alone, however large it is; what has to be looked into and
    /// is too large is named, and nothing is taken in its place.
    #[test]
    fn what_is_too_large_is_not_taken_for_missing() {
        let tested = r#"{"scripts": {"test": "node --test"}}"#;
        let locked = detect(|name| match name {
            "package.json" => Read::Whole(tested.as_bytes().to_vec()),
            "package-lock.json" => Read::TooLarge(9_000_000),
            _ => Read::Missing,
        });
        assert_eq!(locked, Ok(Some("npm ci && npm test".to_owned())));

        for large in ["package.json", "Makefile"] {
            let found = detect(|name| match name {
                "CMakeLists.txt" => Read::Whole(vec![]),
                name if name == large => Read::TooLarge(9_000_000),
                _ => Read::Missing,
            });
            assert_eq!(found.expect_err("too large").path, large);
        }
    }
}
