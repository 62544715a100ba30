//! The verification command that a tree suggests, where the project has none: the usual test
//! command of its language, from the files that the language's own tools look for.

use serde_json::Value;

/// What `npm init` writes where nobody wrote a test.
const NO_TEST: &str = "no test specified";

/// Looks at files of the root; `read` answers their content.
pub(super) fn detect(read: impl Fn(&str) -> Option<Vec<u8>>) -> Option<String> {
    let has = |name: &str| read(name).is_some();
    if let Some(command) = read("package.json").and_then(|bytes| node(&bytes, &has)) {
        return Some(command);
    }
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
        return Some("python3 -m pytest".to_owned());
    }
    if has("Cargo.toml") {
        return Some(
            if has("Cargo.lock") {
                "cargo test --workspace --locked"
            } else {
                "cargo test --workspace"
            }
            .to_owned(),
        );
    }
    if has("go.mod") {
        return Some("go vet ./... && go test ./...".to_owned());
    }
    let makefile = ["GNUmakefile", "makefile", "Makefile"]
        .iter()
        .find_map(|name| read(name));
    if let Some(target) = makefile.and_then(|bytes| make(&bytes)) {
        return Some(format!("make {target}"));
    }
    has("CMakeLists.txt").then(|| {
        "cmake -S . -B \"$HOME/build\" && cmake --build \"$HOME/build\" && ctest --test-dir \
         \"$HOME/build\" --output-on-failure"
            .to_owned()
    })
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

fn node(package: &[u8], has: &dyn Fn(&str) -> bool) -> Option<String> {
    let package: Value = serde_json::from_slice(package).ok()?;
    let test = package
        .pointer("/scripts/test")
        .and_then(Value::as_str)
        .filter(|test| !test.contains(NO_TEST))?;
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
    let needs = |key: &str| {
        package
            .get(key)
            .and_then(Value::as_object)
            .is_some_and(|packages| !packages.is_empty())
    };
    let loose = if needs("dependencies") || needs("devDependencies") {
        "npm install && npm test"
    } else {
        "npm test"
    };
    (!test.trim().is_empty()).then(|| locked.unwrap_or_else(|| loose.to_owned()))
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
    use super::detect;

    #[test]
    fn each_language_has_its_usual_command() {
        let of = |files: &[(&str, &str)]| {
            let files: Vec<(String, Vec<u8>)> = files
                .iter()
                .map(|(n, t)| ((*n).to_owned(), t.as_bytes().to_vec()))
                .collect();
            detect(move |name| {
                files
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, bytes)| bytes.clone())
            })
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
}
