//! The first part of a push as git sends it: pkt-lines with the ref updates; and the report that
//! refuses them.
//!
//! Source: git's documentation of the pack protocol, "Reference Update Request and Packfile
//! Transfer" and "Report Status".

/// One asked-for change of a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Update {
    /// The new value; all zeros is a deletion.
    pub(super) new: String,
    /// The full name of the ref.
    pub(super) name: String,
}

/// The updates of a push, and whether the client takes its report in a side band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Push {
    pub(super) updates: Vec<Update>,
    pub(super) side_band: bool,
}

/// Updates one push may carry: a claim has one branch.
const UPDATES_MAX: usize = 64;

/// Objects one push may bring: git holds about a hundred bytes of each while it reads them.
const OBJECTS_MAX: u32 = 1_000_000;

/// How many objects the pack that begins here says it has: `PACK`, its version and their number,
/// each of four bytes.
fn objects(pack: &[u8]) -> u32 {
    match pack {
        [b'P', b'A', b'C', b'K', _, _, _, _, a, b, c, d, ..] => {
            u32::from_be_bytes([*a, *b, *c, *d])
        }
        _ => 0,
    }
}

/// The length that a line says it has, in hex digits.
fn length_of(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok()?;
    usize::from_str_radix(text, 16).ok()
}

/// Longest first part of a push: as many updates as it may have, each with a name as long as git
/// takes.
const HEAD_MAX: usize = 512 * 1024;
/// What is read of a pack to know how many objects it says it has.
const PACK_HEAD: usize = 12;

/// Whether the first part of a push is there, with the head of its pack; or why it never will be.
pub(super) fn is_head_complete(bytes: &[u8]) -> Result<bool, String> {
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_at_checked(4) {
        match length_of(length) {
            None => return Err("the push has a line without a length".to_owned()),
            Some(0) => return Ok(after.len() >= PACK_HEAD),
            Some(length @ 4..) if after.len() >= length - 4 => rest = &after[length - 4..],
            Some(4..) => break,
            Some(_) => return Err("the push has a line that is too short".to_owned()),
        }
    }

    if bytes.len() > HEAD_MAX {
        return Err(format!(
            "the push names more refs than {HEAD_MAX} bytes hold"
        ));
    }

    Ok(false)
}

/// Reads the updates off a receive-pack request.
pub(super) fn parse(body: &[u8]) -> Result<Push, String> {
    let mut push = Push {
        updates: Vec::new(),
        side_band: false,
    };
    let mut rest = body;

    loop {
        let (length, after) = rest
            .split_at_checked(4)
            .ok_or("the push ends within a line")?;
        let length = length_of(length).ok_or("the push has a line without a length")?;
        if length == 0 {
            return match objects(after) {
                count if count > OBJECTS_MAX => Err(format!(
                    "the push brings {count} objects, at most {OBJECTS_MAX} are taken at once"
                )),
                _ => Ok(push),
            };
        }
        let size = length
            .checked_sub(4)
            .ok_or("the push has a line that is too short")?;
        let (line, left) = after
            .split_at_checked(size)
            .ok_or("the push ends within a line")?;
        rest = left;
        let (update, capabilities) = match line.iter().position(|b| *b == 0) {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        let capabilities = String::from_utf8_lossy(capabilities);
        push.side_band |= capabilities
            .split_whitespace()
            .any(|c| c == "side-band-64k");
        push.updates.push(one(update)?);
        if push.updates.len() > UPDATES_MAX {
            return Err(format!("a push may change at most {UPDATES_MAX} refs"));
        }
    }
}

fn one(line: &[u8]) -> Result<Update, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the push names a ref that is not UTF-8")?;
    let mut words = text.trim_end_matches('\n').splitn(3, ' ');

    match (words.next(), words.next(), words.next()) {
        (Some(old), Some(new), Some(name))
            if old.len() == new.len() && name.starts_with("refs/") =>
        {
            Ok(Update {
                new: new.to_owned(),
                name: name.to_owned(),
            })
        }
        _ => Err(format!("the push has a line that is no update: {text:?}")),
    }
}

fn line(text: &[u8]) -> Vec<u8> {
    let mut line = format!("{:04x}", text.len() + 4).into_bytes();
    line.extend_from_slice(text);
    line
}

/// The report that refuses every update, so that the pusher reads why.
pub(super) fn refuse(push: &Push, why: &str) -> Vec<u8> {
    let why: String = why
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(400)
        .collect();
    let mut report = line(b"unpack ok\n");

    for update in &push.updates {
        report.extend(line(format!("ng {} {why}\n", update.name).as_bytes()));
    }

    report.extend_from_slice(b"0000");
    if !push.side_band {
        return report;
    }

    let mut banded = vec![1u8];
    banded.extend(report);
    let mut answer = line(&banded);
    answer.extend_from_slice(b"0000");

    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pkt(text: &str) -> String {
        format!("{:04x}{text}", text.len() + 4)
    }

    #[test]
    fn updates_are_read_and_refused_by_name() {
        let (old, new) = ("0".repeat(40), "a".repeat(40));
        let first = pkt(&format!(
            "{old} {new} refs/heads/work/f/1\0report-status side-band-64k agent=git/2"
        ));
        let second = pkt(&format!("{new} {old} refs/heads/main"));
        let push = parse(format!("{first}{second}0000PACK....").as_bytes()).expect("a push");
        assert!(push.side_band);

        assert_eq!(
            push.updates[0],
            Update {
                new: new.clone(),
                name: "refs/heads/work/f/1".into()
            }
        );
        assert_eq!(push.updates[1].name, "refs/heads/main");
        let report = String::from_utf8_lossy(&refuse(&push, "not\nyours")).into_owned();
        assert!(
            report.contains("ng refs/heads/main not yours\n"),
            "{report}"
        );
    }

    #[test]
    fn hostile_pushes_are_errors_not_panics() {
        let line = pkt("x y");

        for body in [
            "",
            "00",
            "zzzz",
            "0003",
            "0009ab",
            "ffff",
            line.as_str(),
            "0008    ",
            "0006\u{1}\u{2}",
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body:?}");
        }

        assert!(parse(b"0000").is_ok_and(|p| p.updates.is_empty()));
        let many = pkt(&format!(
            "{} {} refs/heads/x",
            "0".repeat(40),
            "a".repeat(40)
        ))
        .repeat(65);
        assert!(parse(many.as_bytes()).is_err());
    }

    #[test]
    fn a_pack_of_too_many_objects_is_refused_before_git_reads_it() {
        let push = |count: u32| {
            let update = pkt(&format!(
                "{} {} refs/heads/x",
                "0".repeat(40),
                "a".repeat(40)
            ));
            parse(
                &[
                    update.as_bytes(),
                    b"0000PACK\0\0\0\x02",
                    &count.to_be_bytes(),
                ]
                .concat(),
            )
        };
        assert!(push(OBJECTS_MAX).is_ok() && push(0).is_ok());
        assert!(push(OBJECTS_MAX + 1).is_err_and(|why| why.contains("1000001 objects")));

        assert!(
            parse(b"0000PACK\0").is_ok(),
            "git says what is wrong with a pack that is cut"
        );
    }
}
