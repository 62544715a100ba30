//! A terminal for tests: the other end of one, and what a person would see on it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::binary::STUCK_AFTER;

/// A program in a terminal of its own.
pub(super) struct Seen {
    /// The end that the program has.
    inner: OwnedFd,
    outer: File,
    heard: Receiver<Vec<u8>>,
    pub(super) child: Child,
    grid: Grid,
}

/// The settings of a terminal that a program might leave otherwise.
fn settings(terminal: &OwnedFd) -> String {
    let Termios {
        input_modes,
        output_modes,
        control_modes,
        local_modes,
        ..
    } = tcgetattr(terminal).expect("settings");
    format!("{input_modes:?} {output_modes:?} {control_modes:?} {local_modes:?}")
}

impl Seen {
    /// Starts a program in a terminal of this size; answers the terminal's settings as well.
    pub(super) fn start(command: &Command, (width, height): (u16, u16)) -> (Self, String) {
        let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&outer).expect("granted");
        unlockpt(&outer).expect("unlocked");
        let name = ptsname(&outer, vec![]).expect("a name");
        let inner = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
        let inner = inner.expect("the other end");
        let size = Winsize {
            ws_row: height,
            ws_col: width,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&inner, size).expect("a size");
        let before = settings(&inner);

        // A session of its own, so that the terminal of whoever tests is none of its business.
        let end = || inner.try_clone().expect("an end");
        let mut started = Command::new("setsid");
        started
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .envs(
                command
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("TERM", "xterm-256color")
            .stdin(end())
            .stdout(end())
            .stderr(end());
        let child = started.spawn().expect("started");

        let (told, heard) = channel();
        let outer = File::from(outer);
        let mut reader = outer.try_clone().expect("a reader");
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                if told.send(bytes[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        let seen = Self {
            inner,
            outer,
            heard,
            child,
            grid: Grid::new(width.into(), height.into()),
        };
        (seen, before)
    }

    /// Types.
    pub(super) fn types(&mut self, keys: &str) {
        self.outer.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits until the screen shows these words.
    pub(super) fn shows(&mut self, words: &str) {
        let quiet_after = STUCK_AFTER;
        while !self.grid.lines().iter().any(|line| line.contains(words)) {
            match self.heard.recv_timeout(quiet_after) {
                Ok(bytes) => self.grid.take(&bytes),
                Err(_) => panic!(
                    "{words:?} is never shown:\n{}",
                    self.grid.lines().join("\n")
                ),
            }
        }
    }

    /// Waits for the end; the exit code, the terminal's settings, and what was printed last.
    pub(super) fn ended(self) -> (Option<i32>, String, String) {
        let code = crate::binary::wait(self.child);
        let mut rest = vec![];
        while let Ok(bytes) = self.heard.recv_timeout(Duration::from_millis(200)) {
            rest.extend(bytes);
        }
        let rest = String::from_utf8_lossy(&rest).into_owned();
        (code, settings(&self.inner), rest)
    }
}

/// The cells of a screen, as far as our own programs write them.
struct Grid {
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// What has come of a sequence that is not whole yet.
    pending: Vec<u8>,
}

impl Grid {
    fn new(width: usize, height: usize) -> Self {
        Self {
            cells: vec![vec![' '; width]; height],
            row: 0,
            column: 0,
            pending: vec![],
        }
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.cells.iter();
        lines.map(|line| line.iter().collect()).collect()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.pending.extend(bytes);
        let whole = match std::str::from_utf8(&self.pending) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&self.pending[..whole]).into_owned();
        let mut rest = text.as_str();

        while let Some(c) = rest.chars().next() {
            rest = match (c, rest.strip_prefix("\u{1b}[")) {
                (_, Some(sequence)) => {
                    let Some(end) = sequence.find(|c: char| c.is_ascii_alphabetic()) else {
                        break;
                    };
                    self.obey(&sequence[..end], sequence.as_bytes()[end]);
                    &sequence[end + 1..]
                }
                ('\u{1b}', None) => break,
                _ => {
                    self.put(c);
                    &rest[c.len_utf8()..]
                }
            };
        }
        let used = whole - rest.len();
        self.pending.drain(..used);
    }

    fn obey(&mut self, numbers: &str, last: u8) {
        match last {
            b'H' => {
                let mut places = numbers.split(';').map(|n| n.parse().unwrap_or(1_usize) - 1);
                self.row = places.next().unwrap_or(0);
                self.column = places.next().unwrap_or(0);
            }
            b'J' => self.cells.iter_mut().for_each(|line| line.fill(' ')),
            _ => {}
        }
    }

    fn put(&mut self, c: char) {
        let cell = self.cells.get_mut(self.row);
        if let Some(cell) = cell.and_then(|line| line.get_mut(self.column)) {
            *cell = c;
        }
        self.column += 1;
    }
}
