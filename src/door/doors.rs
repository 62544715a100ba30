//! The doors of all sessions: each opened when its container is wanted, closed when it is gone.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::chores::Chore;
use actors::containers::reconciler::Doors;
use actors::ports::engine::{ContainerName, Engine};
use actors::sessions::Sessions;
use async_trait::async_trait;
use events::id::SessionId;
use tokio::net::UnixListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::bodies::{House, Room};
use super::serve;
use crate::engine::door_path;
use crate::engine::owner::Owner;
use crate::foreign;
use crate::gateway::Gateway;
use crate::named::{self, about};

/// Sockets allow 107 bytes for their path, and a session's folder and file name need this many.
const SOCKET_PATH_MAX: usize = 107;

const SOCKET_TAIL: usize = "/s-0123456789abcdef/control".len();

/// The runner in a door.
const RUNNER: &str = "supercargo";

/// Which voice a connection has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Control,
    Agent,
}

/// The folders a set of doors works with.
#[derive(Clone)]
pub struct Rooms {
    /// Where doors are made, one folder each.
    pub doors: PathBuf,
    /// The gates of the projects.
    pub gates: PathBuf,
    /// Our own binary: the runner lies in every door.
    pub binary: PathBuf,
    /// The way to the models.
    pub gateway: Gateway,
}

/// Keeps the doors of this server.
pub struct DoorSet {
    rooms: Rooms,
    pub(super) sessions: Sessions,
    pub(super) engine: Arc<dyn Engine>,
    open: Mutex<BTreeMap<SessionId, Door>>,
    /// Memory that bodies of all sessions share.
    pub(super) house: House,
}

struct Door {
    listeners: Vec<JoinHandle<()>>,
    folder: PathBuf,
    /// Dropped with the door: what was opened through it ends then.
    _open: watch::Sender<()>,
}

/// Everything a connection needs to be served.
#[derive(Clone)]
pub(super) struct Behind {
    pub(super) session: SessionId,
    pub(super) name: ContainerName,
    pub(super) voice: Voice,
    pub(super) sessions: Sessions,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) gates: PathBuf,
    pub(super) gateway: Gateway,
    /// Memory for what is sent.
    pub(super) room: Room,
    /// Ends with the door.
    pub(super) open: watch::Receiver<()>,
}

/// Whether sockets below this folder fit; says how much shorter it has to be.
pub fn check_length(folder: &Path) -> Result<(), String> {
    let length = folder.as_os_str().len() + SOCKET_TAIL;
    if length <= SOCKET_PATH_MAX {
        return Ok(());
    }
    Err(format!(
        "{} is {} characters too long for sockets below it; choose a shorter --data",
        folder.display(),
        length - SOCKET_PATH_MAX
    ))
}

impl DoorSet {
    /// A set of doors in front of the gates.
    pub fn new(rooms: Rooms, sessions: Sessions, engine: Arc<dyn Engine>) -> Self {
        Self {
            rooms,
            sessions,
            engine,
            open: Mutex::default(),
            house: House::default(),
        }
    }

    fn open_door(&self, session: &SessionId, name: &ContainerName) -> std::io::Result<Door> {
        let (doors, folder) = (&self.rooms.doors, door_path(&self.rooms.doors, session));
        if !doors.is_dir() {
            named::make_folder(doors, 0o711)?;
            fs_err::set_permissions(doors, std::fs::Permissions::from_mode(0o711))?;
        }

        own_folder(&folder)?;
        Owner::of(name.n).let_through(&folder)?;

        // Linked, so that a session keeps the runner that it was started with; copied where the
        // folders lie on different disks.
        let runner = folder.join(RUNNER);
        if !runner.exists() && fs_err::hard_link(&self.rooms.binary, &runner).is_err() {
            fs_err::copy(&self.rooms.binary, &runner)?;
        }

        let open = watch::Sender::new(());
        let room = Room::of(&self.house);
        let mut listeners = Vec::new();

        for (voice, file) in [(Voice::Control, "control"), (Voice::Agent, "agent")] {
            let path = folder.join(file);
            // A socket of an earlier server run is in the way; nobody listens on it any more.
            foreign::remove(&path)?;
            let listener = named::listen_at(&path)?;
            listener.set_nonblocking(true)?;
            let listener = UnixListener::from_std(listener)?;
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o666))?;
            let behind = Behind {
                session: session.clone(),
                name: name.clone(),
                voice,
                sessions: self.sessions.clone(),
                engine: self.engine.clone(),
                gates: self.rooms.gates.clone(),
                gateway: self.rooms.gateway.clone(),
                room: room.clone(),
                open: open.subscribe(),
            };
            listeners.push(tokio::spawn(serve::listen(listener, behind)));
        }

        Ok(Door {
            listeners,
            folder,
            _open: open,
        })
    }
}

/// Makes the folder of a door, which the server alone can write in. One that is somebody else's, as
/// earlier builds gave it away, is taken back and emptied: what lies in it may be a link to
/// anywhere. The folder itself stays, for a container may see it, and so does the runner that the
/// container was started with: without its file it gives its agent no verbs.
fn own_folder(folder: &Path) -> std::io::Result<()> {
    match named::make_folder(folder, 0o700) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made,
    }

    let (found, server) = (fs_err::symlink_metadata(folder)?, nix::unistd::geteuid());
    if !found.is_dir() {
        foreign::remove(folder)?;
        return named::make_folder(folder, 0o700);
    }

    if found.uid() == server.as_raw() {
        return Ok(());
    }

    nix::unistd::chown(folder, Some(server), None)
        .map_err(about(format_args!("taking {} back", folder.display())))?;
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;

    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        let is_ours = found.is_file() && found.uid() == server.as_raw();
        if !(is_ours && entry.file_name() == RUNNER) {
            foreign::remove(&entry.path())?;
        }
    }
    Ok(())
}

impl Drop for Door {
    fn drop(&mut self) {
        for listener in &self.listeners {
            listener.abort();
        }
    }
}

#[async_trait]
impl Doors for DoorSet {
    async fn keep(&self, wanted: BTreeMap<SessionId, ContainerName>) {
        self.sessions.keep_only(&wanted.keys().cloned().collect());
        let faults = &self.sessions.directory.kernel().faults;
        let mut open = self.open.lock().await;
        let over: Vec<_> = open
            .keys()
            .filter(|session| !wanted.contains_key(*session))
            .cloned()
            .collect();
        for session in over {
            if let Some(door) = open.remove(&session) {
                let removed = foreign::remove(&door.folder)
                    .map_err(|error| format!("{}: {error}", door.folder.display()));
                faults.went(None, Chore::CloseDoors, removed);
            }
        }

        let mut failed = None;
        for (session, name) in wanted {
            if open.contains_key(&session) {
                continue;
            }
            match self.open_door(&session, &name) {
                Ok(door) => {
                    open.insert(session, door);
                }
                Err(error) => failed = Some(format!("session {session}: {error}")),
            }
        }
        // All of them together: of two, one that opens does not mend the other.
        match failed {
            Some(why) => faults.failing(None, Chore::OpenDoors, &why),
            None => faults.well(None, Chore::OpenDoors),
        }
    }
}
