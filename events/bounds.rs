//! Bounds of what one event holds. Every event is cut to them on its way out of `decide`, so that
//! no command, whatever it carries, leads to an event that the log cannot take.
//!
//! A text that somebody reads is cut and says so. What must not be cut, because its meaning would
//! change (what a feature asks for, settings, ids and edges), is refused before by its own check.
//! `bounds_tests` blows up every field of every event and holds that each either fits the log or is
//! refused.

use crate::id::Digest;

/// Longest name of a person, a branch, a model, in bytes.
pub const NAME_MAX: usize = 200;
/// Longest reason or detail, in bytes: a screen of text for people and for the next prompt.
pub const REASON_MAX: usize = 4 * 1024;
/// Longest path in a list, in bytes. git and file systems take more; nobody reads more.
pub const PATH_MAX: usize = 512;
/// Most bytes of the paths of one list.
pub const PATHS_BYTES_MAX: usize = 16 * 1024;
/// What an entry of a list takes beside its text, in bytes, as MessagePack has it.
const ENTRY: usize = 5;
/// Bytes that are kept free for the word about what was left out.
const MARK: usize = 64;

/// What can be cut to its bounds.
pub trait Bounded {
    /// The same within its bounds; unchanged where it was.
    #[must_use]
    fn bounded(self) -> Self;
}

/// Cuts a text at a character, and says how long it was.
pub fn cut(text: &mut String, max: usize) {
    if text.len() <= max {
        return;
    }
    let mark = format!("… (cut, {} bytes in all)", text.len());
    text.truncate(text.floor_char_boundary(max.saturating_sub(mark.len())));
    text.push_str(&mark);
}

/// Cuts a text from its beginning: of a log, the end says what went wrong.
pub fn cut_front(text: &mut String, max: usize) {
    if text.len() > max {
        let from = text.ceil_char_boundary(text.len() - max);
        text.drain(..from);
    }
}

/// Cuts the name of a person or a thing.
pub fn cut_name(name: &mut String) {
    cut(name, NAME_MAX);
}

/// Cuts a reason or a detail.
pub fn cut_reason(reason: &mut String) {
    cut(reason, REASON_MAX);
}

/// Cuts a path; the digest keeps two long ones apart.
fn cut_path(path: &mut String) {
    if path.len() > PATH_MAX {
        let mark = format!("…#{}", short(path.as_bytes()));
        path.truncate(path.floor_char_boundary(PATH_MAX - mark.len()));
        path.push_str(&mark);
    }
}

fn short(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()[..16].to_owned()
}

/// Cuts a list of paths to so many entries and bytes; answers what was left out.
pub fn cut_paths(paths: &mut Vec<String>, most: usize, bytes: usize) -> Vec<String> {
    let mut taken = 0;
    let mut fits = |path: &String| {
        taken += path.len().min(PATH_MAX) + ENTRY;
        taken <= bytes
    };
    let kept = paths.iter().take(most).take_while(|path| fits(path));
    let kept = kept.count();

    let rest = paths.split_off(kept);
    paths.iter_mut().for_each(cut_path);
    rest
}

/// Cuts a list of paths that people read or approve. The last entry says how many are left out,
/// with a digest of them: a list with other paths left out is another list.
pub fn cut_shown_paths(paths: &mut Vec<String>, most: usize, bytes: usize) {
    let size: usize = paths
        .iter()
        .map(|path| path.len().min(PATH_MAX) + ENTRY)
        .sum();
    if paths.len() <= most && size <= bytes {
        paths.iter_mut().for_each(cut_path);
        return;
    }
    let rest = cut_paths(paths, most.saturating_sub(1), bytes - MARK);
    let digest = short(rest.join("\0").as_bytes());
    paths.push(format!("… and {} more, #{digest}", rest.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_says_so() {
        for (text, max, wanted) in [
            ("short", 40, "short"),
            (&"ä".repeat(30), 40, "äääääää… (cut, 60 bytes in all)"),
        ] {
            let mut text = text.to_owned();
            cut(&mut text, max);
            assert_eq!(text, wanted);
            assert!(text.len() <= max);
        }
        let mut tail = "añb".to_owned();
        cut_front(&mut tail, 2);
        assert_eq!(tail, "b");
    }

    #[test]
    fn lists_are_cut_once_and_tell_what_they_left_out_apart() {
        let list = |last: &str| {
            let mut paths: Vec<String> = (0..900).map(|n| format!("folder/{n:04}.txt")).collect();
            paths.push(last.to_owned());
            cut_shown_paths(&mut paths, 300, 2048);
            paths
        };
        let cut = list("a");
        let size: usize = cut.iter().map(|path| path.len() + ENTRY).sum();
        assert!(
            size <= 2048 && cut.len() < 300,
            "{size} bytes in {}",
            cut.len()
        );
        assert!(cut.last().is_some_and(|last| last.starts_with("… and ")));
        assert_ne!(cut, list("b"), "what is left out differs");
        let mut again = cut.clone();
        cut_shown_paths(&mut again, 300, 2048);
        assert_eq!(again, cut);

        let mut long = vec!["x".repeat(2000), format!("{}y", "x".repeat(1999))];
        cut_shown_paths(&mut long, 300, 4096);
        assert!(long.iter().all(|path| path.len() <= PATH_MAX) && long[0] != long[1]);
    }

    #[test]
    fn what_is_as_long_as_its_bound_stays() {
        let path = "a".repeat(PATH_MAX);
        let (mut fits, mut long) = (path.clone(), format!("{path}a"));
        cut_path(&mut fits);
        cut_path(&mut long);
        assert_eq!(fits, path);
        assert_eq!(long.len(), PATH_MAX);
        assert_ne!(long, path);

        for (length, max, wanted) in [(9, 9, 9), (10, 9, 9), (9, 10, 9)] {
            let mut text = "x".repeat(length);
            cut_front(&mut text, max);
            assert_eq!(text.len(), wanted, "{length} of {max}");
        }
    }

    /// Each of these paths takes ten bytes of a list.
    #[test]
    fn a_list_takes_as_many_entries_and_bytes_as_fit() {
        let paths = |count: usize| vec!["12345".to_owned(); count];
        for (count, most, bytes, kept) in [
            (3, 3, 30, 3),
            (3, 2, 30, 2),
            (3, 3, 29, 2),
            (3, 9, 20, 2),
            (3, 0, 30, 0),
            (0, 3, 30, 0),
        ] {
            let mut list = paths(count);
            let rest = cut_paths(&mut list, most, bytes);
            assert_eq!(
                (list.len(), rest.len()),
                (kept, count - kept),
                "{most}, {bytes}"
            );
        }

        for (count, most, bytes, kept) in
            [(9, 9, 90, 9), (9, 8, 90, 3), (9, 9, 89, 3), (9, 3, 300, 3)]
        {
            let mut list = paths(count);
            cut_shown_paths(&mut list, most, bytes);
            let marks = list.iter().filter(|path| path.contains(" more, #")).count();
            assert_eq!(
                (list.len(), marks),
                (kept, usize::from(kept < count)),
                "{most}"
            );
        }
    }
}
