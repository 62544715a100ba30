//! What the server does again and again by itself: each chore with its words, with what a person
//! does about it while it fails, and with how long it may fail before a person hears of it.

use events::holder::Role;
use events::id::SlotNo;

/// Failures in a row that a person hears of: loops pause in between, and most mend themselves.
const IN_A_ROW: u64 = 3;
/// Nothing at all goes on meanwhile.
const AT_ONCE: u64 = 1;

const AGAIN: &str = "it is tried again by itself";
const ROOM: &str =
    "look at the folder of transcripts, and whether the disk of the data folder is full";
const AS_THE_LOG: &str = "it is tried again by itself once the log can be written";

/// Declares the chores: after how many failures a person hears of each, what is done, and what
/// comes of it.
macro_rules! chores {
    ($(#[$doc:meta])* pub enum $name:ident {
        $( $(#[$of:meta])* $variant:ident $(($about:ident: $field:ty))? =
            $after:expr, $subject:literal, $remedy:expr; )*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$of])* $variant $(($field))?, )* }

        impl $name {
            fn words(&self) -> (&'static str, &'static str, u64) {
                match self { $( Self::$variant { .. } => ($subject, $remedy, $after), )* }
            }

            fn about(&self) -> Option<About> {
                match self {
                    $( Self::$variant $(($about))? => {
                        let about: &[About] = &[$(About::from(*$about))?];
                        about.first().copied()
                    } )*
                }
            }
        }
    };
}

/// What one chore is told apart by from others of its kind.
#[derive(Debug, Clone, Copy)]
enum About {
    Slot(SlotNo),
    Role(Role),
}

impl From<SlotNo> for About {
    fn from(n: SlotNo) -> Self {
        Self::Slot(n)
    }
}

impl From<Role> for About {
    fn from(role: Role) -> Self {
        Self::Role(role)
    }
}

chores! {
    /// One chore.
    pub enum Chore {
        /// Appends to the log.
        Record = AT_ONCE, "recording in the log",
            "nothing goes on meanwhile: make room on its disk, or bring its database back; \
         every command tries it again";
        /// The list of containers.
        List = IN_A_ROW, "asking the container engine what runs",
            "it is tried again by itself; look whether the engine is up (`supercargo doctor`)";
        /// Steps of the container of a slot.
        Slot(n: SlotNo) = IN_A_ROW, "the container of slot",
            AGAIN;
        /// What the session of a slot printed, before its container goes.
        KeepTranscript(n: SlotNo) = IN_A_ROW, "keeping the transcript of slot",
            ROOM;
        /// Transcripts of sessions that are over, made small.
        PackTranscripts = IN_A_ROW, "packing the transcripts of sessions that are over",
            "they stay as large as they are; look whether the disk of the data folder is full";
        /// Transcripts beyond their time, recorded as dropped.
        DropTranscripts = IN_A_ROW, "dropping old transcripts",
            AS_THE_LOG;
        /// The same, removed from the disk.
        RemoveTranscripts = IN_A_ROW, "removing old transcripts",
            "the next start does it; look at the folder of transcripts";
        /// News of transcripts.
        FollowTranscripts = IN_A_ROW, "reading the log for old transcripts",
            AGAIN;
        /// Sockets of sessions.
        OpenDoors = IN_A_ROW, "opening the sockets of a session",
            "no session begins meanwhile, and it is tried again by itself; look whether the \
         disk of the data folder is full";
        /// Connections to them.
        AcceptAtDoors = IN_A_ROW, "taking connections of sessions",
            "it is tried again by itself; raise the limit of open files (`ulimit -n`)";
        /// Folders of sessions that are over.
        CloseDoors = IN_A_ROW, "removing the folders of sessions that are over",
            "remove what is left in the folder of doors while no server runs";
        /// The record of what sessions used.
        Tally = IN_A_ROW, "recording what sessions used",
            "what these used is missing from the sums of their projects";
        /// The end of a trouble with a provider.
        EndTrouble = IN_A_ROW, "recording that a provider answers again",
            "the next answer of the provider tries it again";
        /// A role's prompt of the repository.
        Prompt(role: Role) = IN_A_ROW, "the repository's own prompt for the role",
            "the usual prompt is given instead; mend the file on the trunk";
        /// Looks at upstream.
        Watch = IN_A_ROW, "recording a look at upstream",
            AGAIN;
        /// Issues, both ways.
        Exchange = IN_A_ROW, "exchanging issues with the branch beads-sync",
            AGAIN;
        /// Work refs of what was published.
        Tidy = IN_A_ROW, "removing work refs of published features",
            "they are left to the daily upkeep of the copy";
        /// The copy of a repository.
        Maintain = IN_A_ROW, "the upkeep of the server's copy of the repository",
            "it is tried again tomorrow; look whether the disk of the data folder is full";
        /// Pushes that were turned down.
        RecordDenied = IN_A_ROW, "recording a push that was turned down",
            "whoever pushed was told; the next push tries it again";
        /// Seals over the log.
        Seal = IN_A_ROW, "sealing the log",
            AGAIN;
        /// The projections beside the log.
        CheckProjections = IN_A_ROW, "comparing what is in memory with the log",
            "it is tried again when the log has grown";
        /// A snapshot of the projections.
        Snapshot = IN_A_ROW, "keeping a snapshot",
            "the next start takes longer; look whether the disk of the data folder is full";
        /// The alarm about projections that were wrong.
        Alarm = IN_A_ROW, "recording an alarm",
            AS_THE_LOG;
        /// Gaps in the server's own time.
        RecordGaps = IN_A_ROW, "recording that the server stood still",
            AS_THE_LOG;
        /// The live feed.
        Feed = IN_A_ROW, "feeding live readers",
            "they connect again; look at the server's log";
    }
}

impl Chore {
    /// What is done, for a sentence that goes on with "failed".
    pub fn subject(&self) -> String {
        let subject = self.words().0;
        match self.about() {
            Some(About::Slot(n)) => format!("{subject} {}", n.0),
            Some(About::Role(role)) => format!("{subject} {}", role.name()),
            None => subject.to_owned(),
        }
    }

    /// What comes of it by itself, and what a person does.
    pub fn remedy(&self) -> &'static str {
        self.words().1
    }

    /// Failures in a row after which a person hears of it.
    pub fn heard_after(&self) -> u64 {
        self.words().2
    }

    /// The slot that it is about.
    pub fn slot(&self) -> Option<SlotNo> {
        match self.about()? {
            About::Slot(n) => Some(n),
            About::Role(_) => None,
        }
    }
}
