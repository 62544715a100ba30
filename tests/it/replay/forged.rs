//! Files that are no bundles, were damaged on their way, or were made to do harm: each is refused
//! in words that say what is the matter, and nothing is left behind.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use actors::rejection::Rejection;
use events::envelope::{Envelope, genesis};
use events::id::{Digest, Timestamp};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use nix::sys::stat::Mode;
use serde_json::{Value, json};
use supercargo::bundle::Bundle;
use supercargo::log::archive::{Reader, Record, Writer};
use supercargo::log::place::LogPlace;
use supercargo::replay::Recorded;

use super::bundle::{alone, listed, said, text};
use super::verbs::with_a_log;
use crate::house::root;

/// Bytes of the digest at the end.
const TRAILER: usize = 32;

/// A small bundle of a server that ended in order.
fn sound() -> &'static [u8] {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let me = with_a_log();
        let file = me.folder.path().join("sound.bundle");
        // Up to the last event that a seal is over, so that there is a proof of it.
        let events = me.export();
        let seal = events
            .iter()
            .position(|event| event["type"] == "node.sealed");
        let to = seal.expect("a seal").to_string();
        me.ok(&["replay", "bundle", text(&file), "--to", &to]);
        fs_err::read(&file).expect("a bundle")
    })
}

/// A bundle taken apart, to be put together otherwise.
struct Parts {
    header: Value,
    /// The parts with their names, as they are unpacked.
    parts: Vec<(String, Vec<u8>)>,
    /// What is packed behind the last part.
    more: Vec<u8>,
    /// What lies behind that, not packed.
    behind: Vec<u8>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let line = bytes.iter().position(|b| *b == b'\n').expect("a header");
        let header: Value = serde_json::from_slice(&bytes[..line]).expect("JSON");
        let mut body = GzDecoder::new(&bytes[line + 1..bytes.len() - TRAILER]);
        let mut parts = vec![];
        for part in header["parts"].as_array().expect("parts") {
            let length = part["bytes"].as_u64().expect("a length");
            let mut unpacked = vec![];
            let read = (&mut body).take(length).read_to_end(&mut unpacked);
            read.expect("unpacked");
            parts.push((part["part"].as_str().expect("a name").to_owned(), unpacked));
        }

        Self {
            header,
            parts,
            more: vec![],
            behind: vec![],
        }
    }

    /// Adds a part in its place, and lists it.
    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.parts.push((name.to_owned(), bytes));
        let rank = |name: &str| match name {
            "log" => 0,
            "proof" => 1,
            "states" => 2,
            name if name.starts_with("blob") => 3,
            _ => 4,
        };
        self.parts
            .sort_by_key(|(name, _)| (rank(name), name.clone()));
        self.list();
    }

    /// Lists the parts as they are now.
    fn list(&mut self) {
        let listed = self.parts.iter().map(|(name, bytes)| {
            json!({"part": name, "bytes": bytes.len(), "digest": Digest::of(bytes)})
        });
        self.header["parts"] = Value::Array(listed.collect());
    }

    fn part(&mut self, name: &str) -> &mut Vec<u8> {
        let mut parts = self.parts.iter_mut();
        let found = parts.find(|(part, _)| part == name);
        &mut found.expect("a part").1
    }

    /// The file, with a digest that fits.
    fn file(mut self) -> Vec<u8> {
        let mut encoder = GzEncoder::new(vec![], Compression::fast());
        for (_, bytes) in &self.parts {
            encoder.write_all(bytes).expect("packed");
        }
        encoder.write_all(&self.more).expect("packed");
        let mut body = encoder.finish().expect("packed");
        body.extend(&self.behind);

        self.header["packed"] = body.len().into();
        let mut file = serde_json::to_vec(&self.header).expect("JSON");
        // The order of the fields is that of the names here, and the form comes first there.
        let form = self.header["bundle"].to_string();
        let begin = format!("{{\"bundle\":{form},");
        let fields = String::from_utf8(file).expect("text");
        let fields = fields.replacen(&format!("\"bundle\":{form},"), "", 1);
        file = fields.replacen('{', &begin, 1).into_bytes();
        file.push(b'\n');
        file.extend(body);
        sealed(file)
    }
}

/// Bytes with their digest behind them.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Digest::of(&bytes);
    bytes.extend(digest.0);
    bytes
}

/// The reason for which a file is refused, once it was tried to unpack it; nothing is left of that.
fn why_not(bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("a.bundle");
    fs_err::write(&file, bytes).expect("written");
    let done = unpacked(&file, &folder.path().join("into"));
    match done {
        Ok(()) => None,
        Err(error) => {
            assert_eq!(listed(folder.path()), ["a.bundle"], "{error:#}");
            Some(format!("{error:#}"))
        }
    }
}

fn unpacked(file: &Path, into: &Path) -> anyhow::Result<()> {
    let bundle = Bundle::open(file)?;
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(bundle.unpack(into)).map(|_| ())
}

/// Forged by a change to the parts of a sound one.
fn forged(change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::of(sound());
    change(&mut parts);
    parts.file()
}

fn is_refused(what: &str, bytes: &[u8], words: &str) {
    let why = why_not(bytes);
    let why = why.unwrap_or_else(|| panic!("{what} is taken"));
    assert!(why.contains(words), "{what}: {why}");
    assert!(
        why.contains("a.bundle"),
        "{what}: which file it is, is not told: {why}"
    );
    assert!(why.len() < 1_000, "{what}: {why}");
}

/// The way in which the others are forged makes a bundle that is taken.
#[test]
fn what_is_put_together_again_is_taken() {
    assert_eq!(why_not(sound()), None);
    assert_eq!(why_not(&forged(|_| ())), None);
    assert_eq!(why_not(&forged(Parts::list)), None);
    let more = forged(|parts| {
        let blob = b"a spec".to_vec();
        let name = format!("blob {}", Digest::of(&blob));
        parts.add(&name, blob);
    });
    assert_eq!(why_not(&more), None);
}

#[test]
fn a_bundle_that_was_cut_is_told_wherever_it_was_cut() {
    let whole = sound();
    let line = whole.iter().position(|b| *b == b'\n').expect("a header");
    let ends = [0, 1, 9, line / 2, line - 1, line, line + 1, line + 12];
    let late = [whole.len() - TRAILER, whole.len() - 1];
    let between = (1..40).map(|n| whole.len() * n / 40);

    for end in ends.into_iter().chain(between).chain(late) {
        let why = why_not(&whole[..end]);
        let why = why.unwrap_or_else(|| panic!("{end} bytes are taken"));
        let told = match end {
            0..=9 => "does not begin with the header",
            _ if end <= line => "it is cut within its header",
            _ => "it is cut: it has",
        };
        assert!(why.contains(told), "{end}: {why}");
    }
    is_refused(
        "a longer one",
        &[whole, b"x"].concat(),
        "bytes and should have",
    );
}

/// Not a bit of it can be another one: each byte is changed in turn.
#[test]
fn a_bundle_that_was_altered_is_told_wherever_it_was_altered() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("a.bundle");
    let whole = sound();
    let step = (whole.len() / 2_000).max(1);
    for at in (0..whole.len()).step_by(step) {
        let mut altered = whole.to_vec();
        altered[at] ^= 1 << (at % 8);
        fs_err::write(&file, &altered).expect("written");
        assert!(Bundle::open(&file).is_err(), "byte {at}");
    }

    let altered = |at: usize| {
        let mut altered = whole.to_vec();
        altered[at] ^= 0x10;
        altered
    };
    let body = whole.iter().position(|b| *b == b'\n').expect("a header") + 1;
    for at in [body, body + 5, (body + whole.len()) / 2, whole.len() - 1] {
        is_refused(&format!("byte {at}"), &altered(at), "it was altered");
    }
    let made = whole
        .windows(8)
        .position(|w| w == b"\"made\":\"")
        .expect("a time");
    is_refused("its time", &altered(made + 9), "it was altered");
}

#[test]
fn what_is_no_bundle_or_one_of_a_newer_form_is_told_as_such() {
    let newer = forged(|parts| {
        parts.header["bundle"] = 2.into();
        parts.header["build"] = "supercargo 7.0".into();
    });
    is_refused(
        "a newer form",
        &newer,
        "its form is 2, and this build reads 1",
    );
    is_refused("a newer form", &newer, "\"supercargo 7.0\"");
    // A newer form may end otherwise: it is told all the same.
    is_refused("a newer one", &newer[..newer.len() - 7], "its form is 2");
    is_refused("an early one", b"{\"bundle\":9}\n", "its form is 9");

    let mut gzip = GzEncoder::new(vec![], Compression::fast());
    gzip.write_all(b"tar").expect("packed");
    let gzip = gzip.finish().expect("packed");
    for (what, bytes) in [
        ("nothing", &b""[..]),
        ("a line end", b"\n"),
        ("text", b"lions\n"),
        ("other JSON", b"{\"format\":1,\"log\":\"log-a\"}\n"),
        ("a list", b"[1]\n"),
        ("zeros", &[0; 4_096]),
        ("gzip", &gzip),
    ] {
        is_refused(what, bytes, "the header of `replay bundle`");
    }
    let endless = [
        b"{\"bundle\":1,\"made\":\"",
        &vec![b'x'; 9 * 1024 * 1024][..],
    ]
    .concat();
    is_refused("a header without an end", &endless, "cut within its header");
    let early = b"{\"bundle\":1,\"build\":\"b\"}\n";
    is_refused(
        "a header without its fields",
        early,
        "its header cannot be read",
    );
}

#[test]
fn the_real_binary_says_what_is_the_matter_with_a_file() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    fs_err::create_dir(at("folder")).expect("folder");
    nix::unistd::mkfifo(&at("pipe"), Mode::from_bits_truncate(0o600)).expect("a pipe");
    fs_err::write(at("cut"), &sound()[..sound().len() - 40]).expect("written");
    fs_err::write(at("text"), "lions\n").expect("written");
    let before = listed(folder.path());

    for (name, words) in [
        ("nothing", "No such file"),
        ("folder", "it is not a file"),
        ("pipe", "it is not a file"),
        ("cut", "it is cut: it has"),
        ("text", "the header of `replay bundle`"),
    ] {
        for more in [&[][..], &["--into", text(&at("into"))], &["--json"]] {
            let file = at(name);
            let args = [&["replay", "open", text(&file)], more].concat();
            let (done, told) = said(&mut alone(&args));
            assert!(!done && told.contains(words), "{name} {more:?}: {told}");
            assert!(
                told.contains(text(&file)) && !told.contains("panicked"),
                "{told}"
            );
            assert_eq!(listed(folder.path()), before, "{name} {more:?}");
        }
    }
}

/// A change to a bundle, and the words of its refusal.
type Change = (&'static str, fn(&mut Parts), &'static str);

/// Headers that lie, each with a digest that fits.
const LIES: &[Change] = &[
    ("no head", |p| p.header["head"] = 0.into(), "position"),
    (
        "a later begin",
        |p| p.header["at"] = 9_999.into(),
        "its header names position 9999",
    ),
    (
        "a later head",
        |p| p.header["head"] = 9_999.into(),
        "ends at position",
    ),
    (
        "an earlier head",
        |p| {
            p.header["head"] = 1.into();
            p.header["at"] = 1.into();
            let parts = p.header["parts"].as_array_mut().expect("parts");
            parts.retain(|part| part["part"] != "states");
            p.parts.retain(|(name, _)| name != "states");
        },
        "ends at position",
    ),
    (
        "another chain",
        |p| p.header["digest"] = Digest::of(b"x").to_string().into(),
        "ends at",
    ),
    (
        "another log",
        |p| p.header["log"] = "log-other".into(),
        "not log-other",
    ),
    (
        "a part that is longer",
        |p| lengthen(p, 0, 7),
        "the part log",
    ),
    (
        "a last part that is longer",
        |p| {
            let last = p.parts.len() - 1;
            lengthen(p, last, 7);
        },
        "the part",
    ),
    (
        "a part that is shorter",
        |p| lengthen(p, 0, -7),
        "the part log",
    ),
    (
        "a part of other bytes",
        |p| {
            p.header["parts"][0]["digest"] = Digest::of(b"x").to_string().into();
        },
        "the part log is not what the header says",
    ),
    (
        "a length below zero",
        |p| p.header["parts"][0]["bytes"] = (-1).into(),
        "cannot be read",
    ),
    (
        "a length without end",
        |p| {
            p.header["parts"][0]["bytes"] = u64::MAX.into();
        },
        "would unpack to",
    ),
    (
        "lengths that overflow",
        |p| {
            p.header["parts"][0]["bytes"] = u64::MAX.into();
            p.header["packed"] = u64::MAX.into();
        },
        "would unpack to",
    ),
    (
        "a log that is no list",
        |p| p.header["parts"] = "log".into(),
        "cannot be read",
    ),
    (
        "no parts",
        |p| p.header["parts"] = json!([]),
        "names no log",
    ),
    (
        "no log",
        |p| {
            p.parts.remove(0);
            p.list();
        },
        "names no log",
    ),
    (
        "a log twice",
        |p| {
            let log = p.parts[0].clone();
            p.parts.insert(1, log);
            p.list();
        },
        "its header names log after log",
    ),
    (
        "parts out of order",
        |p| {
            p.parts.push(("proof".to_owned(), vec![]));
            p.list();
        },
        "its header names proof after",
    ),
    (
        "a key that did not seal",
        |p| p.header["sealed_by"] = "00".repeat(32).into(),
        "sealed by",
    ),
];

/// Makes a header promise more or less of a part than there is.
fn lengthen(parts: &mut Parts, which: usize, by: i64) {
    let length = &mut parts.header["parts"][which]["bytes"];
    *length = (length.as_i64().expect("a length") + by).into();
}

#[test]
fn a_header_that_lies_is_not_believed() {
    for (what, change, words) in LIES {
        is_refused(what, &forged(*change), words);
    }
}

#[test]
fn no_part_has_a_path() {
    for name in [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "blob ../../x",
        "blob /etc/passwd",
        "blob 00",
        "transcript ../x",
        "transcript s-../../../../aaaaa",
        "transcript s-AAAAAAAAAAAAAAAA",
        "transcript /aaaaaaaaaaaaaaaaa",
        "log.db",
        "log ",
        "LOG",
        "secret token",
        "",
    ] {
        let bytes = forged(|parts| {
            parts.add(name, b"x".to_vec());
        });
        is_refused(name, &bytes, "its header cannot be read");
    }
}

#[test]
fn parts_that_are_not_what_they_are_named_after_are_refused() {
    let session = "transcript s-aaaaaaaaaaaaaaaa";
    let frame = |number: u64, length: u32, text: &[u8]| {
        [&number.to_le_bytes()[..], &length.to_le_bytes()[..], text].concat()
    };
    let cut = frame(1, 9, b"lions");
    let second = frame(2, 5, b"lions");
    let twice = [frame(1, 5, b"lions"), frame(1, 5, b"bears")].concat();
    let long = frame(1, u32::MAX, b"lions");
    for (what, bytes, words) in [
        ("a cut chunk", cut, "its last chunk is cut"),
        ("a chunk that is long", long, "its last chunk is cut"),
        (
            "a chunk that is missing",
            second,
            "chunk 2 is where chunk 1",
        ),
        (
            "a chunk that is there twice",
            twice,
            "chunk 1 is where chunk 2",
        ),
    ] {
        let forged = forged(|parts| {
            parts.add(session, bytes);
        });
        is_refused(what, &forged, words);
    }

    let blob = forged(|parts| {
        let name = format!("blob {}", Digest::of(b"lions"));
        parts.add(&name, b"bears".to_vec());
    });
    is_refused("a blob", &blob, "its bytes are not those of its name");
    let proof = forged(|parts| {
        *parts.part("proof") = b"{}".to_vec();
        parts.list();
    });
    is_refused("no proof", &proof, "the part proof");
    let other = forged(|parts| {
        let proof = parts.part("proof");
        let mut shown: Value = serde_json::from_slice(proof).expect("JSON");
        shown["log"] = "log-other".into();
        *proof = shown.to_string().into_bytes();
        parts.list();
    });
    is_refused("a proof of another log", &other, "the part proof");
}

/// Events are chained: whoever changes one of them has to change all that come after, and has no
/// key to seal them with.
#[test]
fn an_event_that_was_altered_is_found_by_the_chain() {
    let name = b"zoo.git";
    let altered = forged(|parts| {
        let log = parts.part("log");
        let at = log.windows(name.len()).position(|w| w == name);
        log[at.expect("the upstream")] = b'Z';
        parts.list();
    });
    is_refused("an event", &altered, "position 2: altered");
    let cut = forged(|parts| {
        let log = parts.part("log");
        log.truncate(log.len() - 3);
        parts.list();
    });
    is_refused("a log that is cut", &cut, "the file is cut short");
    let newer = forged(|parts| {
        parts.part("log")[5] = 2;
        parts.list();
    });
    is_refused("a newer segment", &newer, "one of a newer form");
    let nothing = forged(|parts| {
        parts.part("log").truncate(8);
        parts.list();
    });
    is_refused("no header", &nothing, "ends before its header");
}

#[test]
fn what_would_fill_a_disk_is_refused_before_it_does() {
    // A gigabyte of zeros is a megabyte of gzip.
    let zeros = 80 * 1024 * 1024;
    let bomb = forged(|parts| {
        parts.part("log").extend(vec![0; zeros]);
        parts.list();
    });
    assert!(bomb.len() < 1024 * 1024, "{} bytes", bomb.len());
    is_refused("a bomb", &bomb, "would unpack to");

    // What a header does not promise is not unpacked.
    let hidden = forged(|parts| parts.more = vec![0; zeros]);
    is_refused(
        "a hidden bomb",
        &hidden,
        "there is more in it than its header lists",
    );
    let behind = forged(|parts| parts.behind = b"more".to_vec());
    is_refused(
        "something behind it",
        &behind,
        "there is more in it than its header lists",
    );

    let huge = 129 * 1024 * 1024;
    for (name, words) in [
        (
            "transcript s-aaaaaaaaaaaaaaaa",
            "of transcript s-aaaaaaaaaaaaaaaa, at most",
        ),
        (&format!("blob {}", Digest::of(b"x")), "at most"),
    ] {
        let promised = forged(|parts| {
            parts.add(name, vec![]);
            let added = parts.parts.iter().position(|(part, _)| part == name);
            parts.header["parts"][added.expect("a part")]["bytes"] = huge.into();
        });
        is_refused(name, &promised, words);
    }
    let proof = forged(|parts| parts.header["parts"][1]["bytes"] = huge.into());
    is_refused("a proof", &proof, "of proof, at most");
    let states = forged(|parts| parts.header["parts"][2]["bytes"] = huge.into());
    is_refused("states", &states, "of states, at most");
}

/// Words of a header reach a terminal as words.
#[test]
fn nothing_in_a_header_is_obeyed_by_a_terminal() {
    let folder = tempfile::tempdir().expect("folder");
    let file: PathBuf = folder.path().join("a.bundle");
    let bytes = forged(|parts| {
        parts.header["build"] = "x\u{1b}]0;title\u{7}\nall is well".into();
        let session = "transcript s-aaaaaaaaaaaaaaaa";
        parts.header["left_out"] = json!([{"part": session, "why": "\u{1b}[2J"}]);
    });
    fs_err::write(&file, bytes).expect("written");
    let (done, told) = said(&mut alone(&["replay", "open", text(&file)]));
    assert!(done, "{told}");
    assert!(
        !told.contains('\u{1b}') && !told.contains('\u{7}'),
        "{told:?}"
    );
    assert!(
        !told.lines().any(|line| line.starts_with("all is well")),
        "{told}"
    );

    // Whoever made it comes to other states than this build.
    let other = forged(|parts| {
        let states = parts.part("states");
        let last = states.len() - 3;
        states[last] = if states[last] == b'0' { b'1' } else { b'0' };
        parts.list();
    });
    fs_err::write(&file, other).expect("written");
    let (done, told) = said(&mut alone(&["replay", "open", text(&file)]));
    assert!(!done && told.contains("come to other states"), "{told}");
}

/// The log of a bundle, changed by somebody who makes a chain of it again, up to an event of
/// which `change` does not say that the log goes on with it.
fn relinked(parts: &mut Parts, change: impl Fn(&mut Envelope) -> bool) {
    let log = parts.part("log").clone();
    let mut reader = Reader::open(&log[..]).expect("a segment");
    let mut digest = genesis(&reader.header.log);
    let (mut head, mut out) = (0, vec![]);
    let mut writer = Writer::Segment(&mut out);
    writer.header(&reader.header).expect("written");
    while let Some(Record {
        mut envelope,
        answers,
    }) = reader.read().expect("a record")
    {
        if !change(&mut envelope) {
            break;
        }
        head = envelope.position.0;
        digest = envelope.chained(digest);
        envelope.digest = digest;
        writer
            .record(&Record { envelope, answers })
            .expect("written");
    }

    *parts.part("log") = out;
    parts.parts.retain(|(name, _)| name == "log");
    parts.header["digest"] = digest.to_string().into();
    parts.header["head"] = head.into();
    parts.header["at"] = head.into();
    parts.header["sealed"] = 0.into();
    parts.header["sealed_by"] = Value::Null;
    parts.list();
}

/// A chain that somebody made anew is one; who made it is told by its seals, and there is none.
#[test]
fn a_log_that_was_made_anew_has_no_seal() {
    let file_of = |bytes: &[u8]| {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("a.bundle");
        fs_err::write(&file, bytes).expect("written");
        said(&mut alone(&["replay", "open", text(&file)]))
    };
    let anew = forged(|parts| {
        relinked(parts, |event| {
            if event.kind == "project.registered" {
                event.at = Timestamp(event.at.0 + 1);
            }
            true
        });
    });
    let (done, told) = file_of(&anew);
    assert!(
        done && told.contains("nothing in it is under a seal"),
        "{told}"
    );
    let claimed = forged(|parts| {
        relinked(parts, |_| true);
        parts.header["sealed"] = 3.into();
        parts.header["sealed_by"] = "00".into();
    });
    is_refused("a seal that is not there", &claimed, "it is sealed up to 0");

    // With the seals of before it is no log: they are over other digests.
    let incident = fs_err::read(root().join("tests/bundles/merge-conflict.bundle"));
    let mut sealed = Parts::of(&incident.expect("an incident"));
    relinked(&mut sealed, |event| {
        event.at = Timestamp(event.at.0 + 1);
        true
    });
    is_refused(
        "another history",
        &sealed.file(),
        "a seal that does not hold",
    );

    // Events of a kind that this build does not have yet: a later one made them.
    let later = forged(|parts| {
        relinked(parts, |event| {
            if event.kind == "feature.created" {
                event.kind = "feature.teleported".into();
            }
            true
        });
        let states = sound_states();
        parts.add("states", states);
    });
    let (done, told) = file_of(&later);
    assert!(!done && told.contains("feature.teleported"), "{told}");
    assert!(told.contains("position"), "{told}");
}

fn sound_states() -> Vec<u8> {
    Parts::of(sound()).part("states").clone()
}

/// Bytes of a bundle that are changed at random, under a digest that fits: what comes of it is
/// refused, or is the log that it was, and in no case the end of the process.
#[test]
fn whatever_is_changed_under_a_digest_that_fits_is_borne() {
    let seed = std::env::var("SUPERCARGO_SEED");
    let seed = seed.ok().and_then(|seed| seed.parse().ok()).unwrap_or(2026);
    println!("SUPERCARGO_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let whole = &sound()[..sound().len() - TRAILER];
    let line = whole.iter().position(|b| *b == b'\n').expect("a header");
    let (mut refused, mut taken) = (0, 0);

    for _ in 0..200 {
        let mut bytes = whole.to_vec();
        let within = match chance.bool() {
            true => 0..line,
            false => line..bytes.len(),
        };
        for _ in 0..chance.usize(1..4) {
            let at = chance.usize(within.clone());
            bytes[at] = chance.u8(..);
        }
        match why_not(&sealed(bytes)) {
            None => taken += 1,
            Some(why) => {
                assert!(why.len() < 2_000, "{why}");
                refused += 1;
            }
        }
    }
    println!("{refused} refused, {taken} taken");
    assert!(refused > 100, "{refused} refused, {taken} taken");
}

/// The same with the parts themselves, listed as they are then.
#[test]
fn whatever_is_changed_in_a_part_is_borne() {
    let mut chance = fastrand::Rng::with_seed(7);
    let mut refused = 0;
    for round in 0..60 {
        let bytes = forged(|parts| {
            let which = round % parts.parts.len();
            let part = &mut parts.parts[which].1;
            for _ in 0..chance.usize(1..5) {
                let at = chance.usize(..part.len());
                match chance.u8(..4) {
                    0 => part.truncate(at.max(1)),
                    1 => part.insert(at, chance.u8(..)),
                    _ => part[at] = chance.u8(..),
                }
            }
            parts.list();
        });
        refused += usize::from(why_not(&bytes).is_some());
    }
    // Digests of states are compared where they are asked for, and not when they are unpacked.
    assert!((30..60).contains(&refused), "{refused} are refused");
}

/// Payloads that are changed at random, half of them so that they can still be read, in a chain
/// that was made anew: they are folded or refused, and no fold ends the process.
#[test]
fn whatever_an_event_says_is_folded_or_refused() {
    let seed = std::env::var("SUPERCARGO_SEED");
    let seed = seed.ok().and_then(|seed| seed.parse().ok()).unwrap_or(11);
    println!("SUPERCARGO_SEED={seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    let (mut folded, mut refused) = (0, 0);

    let incident = root().join("tests/bundles/merge-conflict.bundle");
    let incident = fs_err::read(incident).expect("an incident");
    let head = Parts::of(&incident).header["head"]
        .as_u64()
        .expect("a head");
    for _ in 0..40 {
        let which = chance.u64(1..=head);
        let changes: Vec<(usize, u8)> = (0..chance.usize(1..4))
            .map(|_| (chance.usize(..), chance.u8(..)))
            .collect();
        let is_readable = chance.bool();
        let mut parts = Parts::of(&incident);
        relinked(&mut parts, |event| {
            if event.position.0 == which {
                for (at, byte) in &changes {
                    match is_readable {
                        true => turn(&mut event.payload, *at, *byte),
                        false => overwrite(&mut event.payload, *at, *byte),
                    }
                }
            }
            event.kind != "node.sealed"
        });
        let bytes = parts.file();
        match folds(&bytes) {
            Ok(()) => folded += 1,
            Err(why) => {
                assert!(why.len() < 2_000, "{why}");
                refused += 1;
            }
        }
    }
    println!("{folded} folded, {refused} refused");
    let both = folded > 10 && refused > 5;
    assert!(both, "{folded} folded, {refused} refused");
}

fn overwrite(payload: &mut [u8], at: usize, byte: u8) {
    let length = payload.len().max(1);
    if let Some(old) = payload.get_mut(at % length) {
        *old = byte;
    }
}

/// Changes a digit or a small number of a payload to another one: it stays what can be read.
fn turn(payload: &mut [u8], at: usize, byte: u8) {
    let is_one = |b: &u8| b.is_ascii_digit() || *b < 0x20;
    let count = payload.iter().filter(|b| is_one(b)).count();
    let mut digits = payload.iter_mut().filter(|b| is_one(b));
    if let Some(digit) = digits.nth(at % count.max(1)) {
        *digit = match digit.is_ascii_digit() {
            true => b'0' + byte % 10,
            false => byte & 0x7f,
        };
    }
}

/// Unpacks a bundle and folds its whole log.
fn folds(bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("folder");
    let (file, into) = (folder.path().join("a.bundle"), folder.path().join("into"));
    fs_err::write(&file, bytes).expect("written");
    unpacked(&file, &into).map_err(|error| format!("{error:#}"))?;

    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let log = LogPlace::File(into.join("log.db"))
            .read()
            .await
            .expect("a log");
        let recorded = Recorded::of(log.into_log(), Default::default());
        let head = recorded.head().await.expect("a head");
        let fold = recorded.digests(head, |_| Ok::<(), Rejection>(()));
        fold.await.map_err(|why| why.to_string())
    })
}
