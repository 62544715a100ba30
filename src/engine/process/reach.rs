//! Whether the users that containers run as can reach the data folder. A server that is root drops
//! its processes to users without a name: a folder on the way that only root may enter would end
//! every session before it begins.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use events::id::SlotNo;

use crate::engine::owner::Owner;

/// What others need on a folder to pass through it.
const PASS: u32 = 0o001;

/// Looks at every folder above the data folder.
///
/// # Errors
/// The first folder that the containers' users cannot pass, and what to do.
pub fn above(data: &Path) -> anyhow::Result<()> {
    if Owner::of(SlotNo(0)) == Owner::Same {
        return Ok(());
    }

    let data = resolved(data)?;
    let mut way = vec![];

    for folder in data.ancestors().skip(1) {
        let found = fs_err::metadata(folder)?;
        way.push((folder.to_owned(), found.permissions().mode()));
    }

    if let Some(closed) = closed(&way) {
        bail!(
            "the containers of a server that is root are processes of users without a name, which \
             may not enter {}, where the data folder {} lies: choose another one (--data \
             /var/lib/supercargo), let others pass (chmod o+x {}), or serve with --engine docker",
            closed.display(),
            data.display(),
            closed.display()
        );
    }

    Ok(())
}

fn resolved(path: &Path) -> anyhow::Result<PathBuf> {
    Ok(fs_err::canonicalize(path)?)
}

/// The folder nearest the root that others may not pass, of folders with their modes.
fn closed(way: &[(PathBuf, u32)]) -> Option<&Path> {
    let closed = way.iter().rev().find(|(_, mode)| mode & PASS == 0);
    closed.map(|(folder, _)| folder.as_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_closed_folder_on_the_way_is_named() {
        let way = |modes: [u32; 3]| {
            let folders = ["/srv/a/b", "/srv/a", "/srv"].map(PathBuf::from);
            folders.into_iter().zip(modes).collect::<Vec<_>>()
        };

        let table = [
            ([0o755, 0o755, 0o755], None),
            ([0o711, 0o701, 0o755], None),
            ([0o700, 0o755, 0o755], Some("/srv/a/b")),
            ([0o700, 0o750, 0o755], Some("/srv/a")),
            ([0o755, 0o755, 0o754], Some("/srv")),
        ];
        for (modes, expected) in table {
            assert_eq!(closed(&way(modes)), expected.map(Path::new), "{modes:?}");
        }
    }
}
