//! Who a slot's processes run as. A server that runs as root drops its process slots to an
//! unprivileged user of their own.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use events::id::SlotNo;
use nix::unistd::{Gid, Uid, geteuid};

use crate::named::about;

/// First user id of the slots: a range that no distribution assigns to people or services.
const FIRST_UID: u32 = 64_000;

/// The user a slot runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The server's own user: it is not root.
    Same,
    /// An unprivileged user without a name.
    Dropped(u32),
}

impl Owner {
    /// The owner of a slot on this machine.
    pub fn of(n: SlotNo) -> Self {
        if geteuid().is_root() {
            Self::Dropped(FIRST_UID + u32::from(n.0))
        } else {
            Self::Same
        }
    }

    /// The user id.
    pub fn uid(self) -> u32 {
        match self {
            Self::Same => geteuid().as_raw(),
            Self::Dropped(id) => id,
        }
    }

    /// Gives a file or folder to the owner.
    pub fn give(self, path: &Path) -> std::io::Result<()> {
        match self {
            Self::Same => Ok(()),
            Self::Dropped(id) => {
                nix::unistd::chown(path, Some(Uid::from_raw(id)), Some(Gid::from_raw(id)))
                    .map_err(about(format_args!("giving {} away", path.display())))
            }
        }
    }

    /// Lets the owner walk through a folder that stays the server's: it can be reached, and not
    /// listed or written in.
    pub fn let_through(self, folder: &Path) -> std::io::Result<()> {
        let mode = match self {
            Self::Same => 0o700,
            Self::Dropped(id) => {
                let (server, group) = (nix::unistd::geteuid(), Gid::from_raw(id));
                nix::unistd::chown(folder, Some(server), Some(group))
                    .map_err(about(format_args!("giving {} away", folder.display())))?;
                0o710
            }
        };
        fs_err::set_permissions(folder, std::fs::Permissions::from_mode(mode))
    }
}
