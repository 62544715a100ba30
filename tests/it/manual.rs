//! The manual, executed: the commands of its pages are typed in the order of the index, on one
//! server that runs containers as processes, and what a page shows below a command has to be in
//! what the command prints.
//!
//! A block of commands is fenced as `console`; `console,serve` starts the server that the commands
//! after it talk to; `console,elsewhere` needs what a test machine need not have, and is counted.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::binary::Serving;

/// Commands that no test runs: builds, images, keys of providers, other hosts, a minute of waiting.
const ELSEWHERE_MAX: usize = 14;
/// Commands that the pages have at least: fewer means that they are not found.
const COMMANDS_MIN: usize = 90;
/// Between the output of one command and the next; in no output.
const MARK: char = '\u{1}';
/// What takes longer is stuck.
const PAGE_WITHIN: &str = "120";

/// A command of a page.
struct Typed {
    place: String,
    line: String,
    /// Lines of its output, with `…` for what differs.
    shown: Vec<String>,
}

enum Block {
    Runs(Vec<Typed>),
    Serves(Vec<Typed>),
    Elsewhere(Vec<Typed>),
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// The pages of the manual, in the order of the index.
fn pages() -> Vec<String> {
    let index = fs_err::read_to_string(docs().join("SUMMARY.md")).expect("the index");
    let links = index
        .lines()
        .filter_map(|line| line.split_once("](manual/"));
    let pages: Vec<String> = links
        .map(|(_, rest)| rest.trim_end_matches(')').to_owned())
        .collect();

    let mut there: Vec<String> = fs_err::read_dir(docs().join("manual"))
        .expect("the manual")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    let mut listed = pages.clone();
    there.sort();
    listed.sort();
    assert_eq!(there, listed, "the index and the folder differ");
    pages
}

/// The blocks of a page; a block of another kind than the known ones is refused, so that no command
/// hides in one.
fn blocks(page: &str) -> Vec<Block> {
    let text = fs_err::read_to_string(docs().join(page)).expect("a page");
    let mut blocks = vec![];

    let mut lines = text.lines().enumerate();
    while let Some((n, line)) = lines.next() {
        assert!(
            !line.starts_with("    "),
            "{page}:{}: fence what is code",
            n + 1
        );
        let Some(kind) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let mut typed: Vec<Typed> = vec![];
        for (n, line) in lines.by_ref().take_while(|(_, line)| line.trim() != "```") {
            match (line.strip_prefix("$ "), typed.last_mut()) {
                (Some(command), _) => typed.push(Typed {
                    place: format!("{page}:{}", n + 1),
                    line: command.to_owned(),
                    shown: vec![],
                }),
                (None, Some(last)) => last.shown.push(line.to_owned()),
                (None, None) => {}
            }
        }
        match kind {
            "console" => blocks.push(Block::Runs(typed)),
            "console,serve" => blocks.push(Block::Serves(typed)),
            "console,elsewhere" => blocks.push(Block::Elsewhere(typed)),
            "json" | "ini" => assert!(typed.is_empty(), "{page}:{}: commands", n + 1),
            other => panic!("{page}:{}: a block of {other:?}", n + 1),
        }
    }

    blocks
}

/// Types the commands of a page that needs no server; how many there are.
pub(crate) fn types_all_of(page: &str) -> usize {
    let (reader, mut commands) = (Reader::new(), vec![]);
    for block in blocks(page) {
        match block {
            Block::Runs(typed) => commands.extend(typed),
            Block::Serves(_) | Block::Elsewhere(_) => panic!("{page} needs a server"),
        }
    }
    reader.types(&commands);
    commands.len()
}

/// The machine of the reader: a home, a data folder, and at most one server.
struct Reader {
    folder: tempfile::TempDir,
    server: Option<Serving>,
}

impl Reader {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        fs_err::create_dir(folder.path().join("home")).expect("a home");
        Self {
            folder,
            server: None,
        }
    }

    fn shell(&self, script: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_supercargo"));
        let folder = binary.parent().expect("its folder").display();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");

        shell
            .args(["-ec", script])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .env("PATH", format!("{folder}:{path}"))
            .env("HOME", self.folder.path().join("home"))
            .env("SUPERCARGO_DATA", self.folder.path().join("data"))
            .env("SUPERCARGO_ENGINE", "process")
            .env("SUPERCARGO_LISTEN", "127.0.0.1:0");
        for key in ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"] {
            shell.env_remove(key);
        }

        shell
    }

    /// Starts the server, in the place of one that runs.
    fn serve(&mut self, typed: &[Typed]) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
        let [serve] = typed else {
            panic!("a block that serves has one command");
        };
        assert!(serve.line.ends_with("supercargo serve"), "{}", serve.place);

        // The shell gives its place to the server; machines without bubblewrap run this test too.
        let own = "exec supercargo serve --allow-unisolated";
        let line = serve.line.replace("supercargo serve", own);
        let log = self.folder.path().join("home/server.log");
        let log = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log);
        let (log, _) = log.expect("a file").into_parts();
        self.server = Some(Serving::start_telling(self.shell(&line), log.into()));
    }

    /// Types commands one after the other, and looks at what each of them prints.
    fn types(&self, typed: &[Typed]) {
        let mut script = String::from("exec 2>&1\n");
        for command in typed {
            script.push_str(&format!("printf '{MARK}'\n{}\n", command.line));
        }
        script.push_str(&format!("printf '{MARK}'\n"));
        let mut limited = Command::new("timeout");
        let shell = self.shell(&script);
        limited
            .arg(PAGE_WITHIN)
            .arg(shell.get_program())
            .args(shell.get_args());
        limited
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null());
        for (name, value) in shell.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        let output = limited.output().expect("typed");

        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut printed = output.split(MARK).skip(1);
        for command in typed {
            let print = printed.next().unwrap_or_default();
            command.check(print);
            let ended = output.matches(MARK).count();
            let last = printed.clone().next().is_none();
            assert!(
                !last,
                "{}: {} failed ({ended} marks):\n{print}",
                command.place, command.line
            );
        }
    }
}

impl Typed {
    fn check(&self, printed: &str) {
        let mut rest = printed;
        for piece in self.shown.iter().flat_map(|line| line.split('…')) {
            let piece = piece.trim();
            match rest.split_once(piece) {
                Some((_, after)) => rest = after,
                None => panic!(
                    "{}: {:?} is not in what this prints: {}\n{printed}",
                    self.place, piece, self.line
                ),
            }
        }
    }
}

#[test]
fn the_manual_works_as_it_is_printed() {
    let mut reader = Reader::new();
    let (mut commands, mut elsewhere) = (0, vec![]);
    for page in pages() {
        let mut waiting = vec![];
        let before = commands;
        for block in blocks(&format!("manual/{page}")) {
            match block {
                Block::Runs(typed) => {
                    commands += typed.len();
                    waiting.extend(typed);
                }
                Block::Serves(typed) => {
                    reader.types(&waiting);
                    waiting.clear();
                    reader.serve(&typed);
                }
                Block::Elsewhere(typed) => elsewhere.extend(typed),
            }
        }
        assert!(commands > before, "{page} has no command that is executed");
        reader.types(&waiting);
    }

    assert!(
        commands >= COMMANDS_MIN,
        "only {commands} commands were found"
    );
    let places: Vec<_> = elsewhere.iter().map(|typed| typed.place.as_str()).collect();
    let count = places.len();
    assert!(
        count <= ELSEWHERE_MAX,
        "{count} commands are not executed: {places:?}"
    );
    reader.server.expect("a server").stop();
}
