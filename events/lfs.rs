//! Git LFS: what a change may do with files that attributes hand to it. Objects of LFS travel
//! beside git, to a store that this server does not carry them to, so a change that needs one there
//! is turned down before it is merged, and so is one that goes past LFS.

use std::collections::BTreeSet;

/// A pointer has no more bytes than this, as its specification says.
pub const POINTER_MAX: usize = 1023;
/// The first line of each pointer.
const VERSION: &str = "version https://git-lfs.github.com/spec/v1";
/// Files that are named of several.
const NAMED_MAX: usize = 5;

/// A file as a change leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its path.
    pub path: String,
    /// Whether attributes hand it to LFS.
    pub kept: bool,
    /// The content of the thing, whole.
    pub content: Content,
}

/// What a file is to LFS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: LFS leaves empty files alone.
    Empty,
    /// The name of an object, with its digest.
    Pointer(String),
    /// Anything else.
    Plain,
}

impl Content {
    /// What these bytes are.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        if bytes.len() > POINTER_MAX {
            return Self::Plain;
        }

        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self::Plain;
        };
        match digest(text) {
            Some(digest) => Self::Pointer(digest),
            None => Self::Plain,
        }
    }
}

/// The digest that a pointer names.
fn digest(text: &str) -> Option<String> {
    let mut lines = text.lines();
    if lines.next() != Some(VERSION) {
        return None;
    }
    let named = lines.find_map(|line| line.strip_prefix("oid sha256:"))?;
    let is_digest = named.len() == 64 && named.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_digest {
        return None;
    }
    Some(named.to_owned())
}

/// A change that cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its files that cannot.
    pub paths: Vec<String>,
    /// Why, and what to do.
    pub why: String,
}

/// Why a change cannot be merged, if it cannot. `there` are the objects that the
/// trunk names: they are where its clones find them.
pub fn refusal(changed: &[Changed], there: &BTreeSet<String>) -> Option<Refusal> {
    let (mut past, mut missing) = (vec![], vec![]);
    for file in changed {
        match &file.content {
            Content::Plain if file.kept => past.push(file.path.as_str()),
            Content::Pointer(digest) if !there.contains(digest) => missing.push(file.path.as_str()),
            Content::Plain | Content::Pointer(_) | Content::Empty => {}
        }
    }

    if !past.is_empty() {
        let why = format!(
            "{} go past Git LFS: .gitattributes hands them to it, and they are committed as they \
             are. Take them out of this change and say in a comment that a person has to add them \
             with `git lfs`; or, where they need not be there, change .gitattributes with them",
            named(&past)
        );
        return Some(Refusal::of(&past, why));
    }
    if missing.is_empty() {
        return None;
    }

    let why = format!(
        "{} are pointers of Git LFS to objects that upstream's trunk does not name: nothing would \
         carry their content there. Take them out of this change and say in a comment that a \
         person has to push them to upstream with `git lfs push`",
        named(&missing)
    );
    Some(Refusal::of(&missing, why))
}

impl Refusal {
    fn of(paths: &[&str], why: String) -> Self {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        Self { paths, why }
    }
}

fn named(paths: &[&str]) -> String {
    let shown = paths.iter().take(NAMED_MAX).copied().collect::<Vec<_>>();
    match paths.len().saturating_sub(NAMED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(digit: char) -> String {
        let digest = digit.to_string().repeat(64);
        format!("{VERSION}\noid sha256:{digest}\nsize 12345\n")
    }

    fn changed(path: &str, kept: bool, bytes: &str) -> Changed {
        Changed {
            path: path.to_owned(),
            kept,
            content: Content::of(bytes.as_bytes()),
        }
    }

    #[test]
    fn what_needs_an_object_that_is_not_there_is_turned_down() {
        let there = BTreeSet::from(["a".repeat(64)]);
        let (known, unknown) = (pointer('a'), pointer('b'));
        let long = format!("{}{}", pointer('b'), "x".repeat(POINTER_MAX));

        let table = [
            ("a plain file", changed("a.txt", false, "text"), None),
            ("an empty one", changed("a.png", true, ""), None),
            ("a moved pointer", changed("b.png", true, &known), None),
            (
                "past LFS",
                changed("c.png", true, "PNG"),
                Some("c.png go past"),
            ),
            (
                "a long text",
                changed("d.png", true, &long),
                Some("d.png go past"),
            ),
            (
                "a new pointer",
                changed("e.png", true, &unknown),
                Some("e.png are pointers"),
            ),
            (
                "a pointer that nothing keeps",
                changed("f", false, &unknown),
                Some("f are pointers"),
            ),
        ];
        for (what, file, expected) in table {
            let found = refusal(std::slice::from_ref(&file), &there);
            match (found, expected) {
                (None, None) => {}
                (Some(refusal), Some(words)) => {
                    assert_eq!(refusal.paths, vec![file.path], "{what}");
                    assert!(refusal.why.contains(words), "{what}: {}", refusal.why);
                }
                (found, expected) => panic!("{what}: {found:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn many_files_are_counted() {
        let files: Vec<_> = (0..8)
            .map(|n| changed(&format!("{n}.png"), true, "PNG"))
            .collect();
        let refusal = refusal(&files, &BTreeSet::new()).expect("a refusal");
        assert_eq!(refusal.paths.len(), 8);
        let why = refusal.why;
        assert!(why.starts_with("0.png, 1.png, 2.png, 3.png, 4.png and 3 more go past"));
    }

    /// What is a pointer byte by byte: its first line, its digest, its length.
    #[test]
    fn a_pointer_is_told_from_what_looks_like_one() {
        let digest = "0123456789abcdef".repeat(4);
        let of = |oid: &str| format!("{VERSION}\noid sha256:{oid}\nsize 1\n");
        let padded = |length: usize| {
            let text = of(&digest);
            format!("{text}{}", "x".repeat(length - text.len()))
        };
        let pointer = || Content::Pointer(digest.clone());

        for (what, text, wanted) in [
            ("a pointer", of(&digest), pointer()),
            ("a digit is missing", of(&digest[1..]), Content::Plain),
            ("one too many", of(&format!("{digest}0")), Content::Plain),
            (
                "no digit",
                of(&format!("{}g", &digest[1..])),
                Content::Plain,
            ),
            ("no digest", format!("{VERSION}\nsize 1\n"), Content::Plain),
            ("as long as one may be", padded(POINTER_MAX), pointer()),
            ("longer", padded(POINTER_MAX + 1), Content::Plain),
            (
                "another first line",
                format!("#\n{}", of(&digest)),
                Content::Plain,
            ),
            (
                "an extension before it",
                format!("{VERSION}\next-0-x sha256:0\noid sha256:{digest}\n"),
                pointer(),
            ),
        ] {
            assert_eq!(Content::of(text.as_bytes()), wanted, "{what}");
        }
        assert_eq!(Content::of(b"\xff\xfe"), Content::Plain, "no text");
        assert_eq!(Content::of(b""), Content::Empty);
    }

    /// What goes past LFS is told first: it is the agent's to mend.
    #[test]
    fn what_goes_past_is_told_before_what_is_missing() {
        let files = [
            changed("a.png", true, &pointer('b')),
            changed("b.png", true, "PNG"),
        ];
        let both = refusal(&files, &BTreeSet::new()).expect("a refusal");
        assert_eq!(both.paths, ["b.png"]);
        let missing = refusal(&files[..1], &BTreeSet::new()).expect("a refusal");
        assert_eq!(missing.paths, ["a.png"]);
        assert_eq!(refusal(&[], &BTreeSet::new()), None);
    }

    #[test]
    fn five_files_are_named_and_a_sixth_is_counted() {
        for (count, wanted) in [
            (1, "0"),
            (5, "0, 1, 2, 3, 4"),
            (6, "0, 1, 2, 3, 4 and 1 more"),
        ] {
            let names: Vec<String> = (0..count).map(|n: u8| n.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            assert_eq!(named(&names), wanted);
        }
    }
}
