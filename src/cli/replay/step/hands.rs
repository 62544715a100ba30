//! The hands of the debugger: they have the terminal and its keys, ask the log beside that, and
//! put the terminal back as it was, whatever ends them.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use actors::rejection::Rejection;
use anyhow::bail;
use crossterm::event::{Event, EventStream, KeyEventKind};
use events::stream::Position;
use futures::StreamExt;
use ratatui::DefaultTerminal;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinError, JoinHandle};

use super::debugger::{Command, Debugger};
use super::draw;
use crate::replay::{Found, Look, Viewer};

/// The terminal, as it was again when this goes. A panic puts it back as well.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> std::io::Result<Self> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self(terminal)),
            Err(error) => {
                // It may have got half-way.
                drop(ratatui::try_restore());
                Err(error)
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.0.show_cursor());
        // A terminal that is gone cannot be put back, and nobody looks at it.
        drop(ratatui::try_restore());
    }
}

/// The answer of an errand.
enum Answer {
    Walked(Result<Option<Found>, Rejection>),
    Located(Result<Position, Rejection>),
}

type Looked = Result<Box<Look>, Rejection>;

/// What is asked of the log at a time: one look, and one errand.
struct Hands {
    debugger: Debugger,
    viewer: Arc<Viewer>,
    look: Option<Box<Look>>,
    looking: Option<JoinHandle<Looked>>,
    /// Whether there is something else to look at than what is being looked at.
    looks_again: bool,
    errand: Option<JoinHandle<Answer>>,
}

/// Something that happens.
enum Happens {
    Key(Option<std::io::Result<Event>>),
    Looked(Result<Looked, JoinError>),
    Answered(Result<Answer, JoinError>),
    Tick,
    Told,
}

/// Runs the debugger until it is left.
pub(super) async fn run(debugger: Debugger, viewer: Viewer) -> anyhow::Result<()> {
    let mut signals = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::hangup())?,
    ];
    let mut hands = Hands {
        debugger,
        viewer: Arc::new(viewer),
        look: None,
        looking: None,
        looks_again: false,
        errand: None,
    };
    let mut screen = Screen::open()?;
    let mut keys = EventStream::new();
    hands.does(Command::Look);

    loop {
        hands.shows(&mut screen)?;
        let command = match hands.next(&mut keys, &mut signals).await {
            Happens::Key(None) => Command::Quit,
            Happens::Key(Some(event)) => hands.pressed(&event?),
            Happens::Looked(look) => {
                hands.looked(look?);
                Command::Nothing
            }
            Happens::Answered(Ok(Answer::Walked(found))) => hands.debugger.walked(found),
            Happens::Answered(Ok(Answer::Located(found))) => hands.debugger.located(found),
            // It was ended for something else.
            Happens::Answered(Err(error)) if error.is_cancelled() => Command::Nothing,
            Happens::Answered(Err(error)) => return Err(error.into()),
            Happens::Tick => {
                let seen = hands.look.as_ref().map(|look| look.position);
                hands.debugger.tick(seen)
            }
            Happens::Told => bail!("ended by a signal"),
        };
        if matches!(command, Command::Quit) {
            return Ok(());
        }
        hands.does(command);
    }
}

impl Hands {
    fn shows(&mut self, screen: &mut Screen) -> std::io::Result<()> {
        let (debugger, look) = (&self.debugger, self.look.as_deref());
        let mut extents = None;
        screen
            .0
            .draw(|frame| extents = Some(draw::draw(frame, debugger, look)))?;
        if let Some(extents) = extents {
            self.debugger.drawn(extents);
        }
        Ok(())
    }

    /// Waits for whatever happens first.
    async fn next(&mut self, keys: &mut EventStream, signals: &mut [Signal; 3]) -> Happens {
        let [terminate, interrupt, hangup] = signals;
        let between = Duration::from_secs(1) / self.debugger.speed();
        let is_playing = self.debugger.is_playing && self.looking.is_none();
        tokio::select! {
            key = keys.next() => Happens::Key(key),
            look = ended(&mut self.looking) => Happens::Looked(look),
            answer = ended(&mut self.errand) => Happens::Answered(answer),
            () = tokio::time::sleep(between), if is_playing => Happens::Tick,
            _ = terminate.recv() => Happens::Told,
            _ = interrupt.recv() => Happens::Told,
            _ = hangup.recv() => Happens::Told,
        }
    }

    fn pressed(&mut self, event: &Event) -> Command {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.debugger.update(*key),
            // A terminal of another size is drawn anew.
            _ => Command::Nothing,
        }
    }

    fn looked(&mut self, look: Looked) {
        self.debugger.arrived(&look);
        if let Ok(look) = look {
            self.look = Some(look);
        }
        if std::mem::take(&mut self.looks_again) {
            self.looks();
        }
    }

    fn does(&mut self, command: Command) {
        match command {
            Command::Nothing | Command::Quit => {}
            Command::Stop => self.ends_the_errand(),
            Command::Look => {
                // A walk goes on while something is added to what is watched.
                if self.debugger.errand().is_none() {
                    self.ends_the_errand();
                }
                self.looks();
            }
            Command::Walk(sought, way) => {
                self.ends_the_errand();
                let viewer = self.viewer.clone();
                let subject = self.debugger.interest.subject.clone();
                let from = (self.debugger.position, way);
                self.errand = Some(tokio::spawn(async move {
                    Answer::Walked(viewer.recorded().walk(&sought, &subject, from).await)
                }));
            }
            Command::Find(words) => {
                self.ends_the_errand();
                let viewer = self.viewer.clone();
                self.errand = Some(tokio::spawn(async move {
                    Answer::Located(viewer.recorded().position_of(&words).await)
                }));
            }
        }
    }

    /// Looks at the position, once what is being looked at is there: of a key that is held down
    /// something is seen.
    fn looks(&mut self) {
        if self.looking.is_some() {
            self.looks_again = true;
            return;
        }
        let (viewer, position) = (self.viewer.clone(), self.debugger.position);
        let interest = self.debugger.interest.clone();
        self.looking = Some(tokio::spawn(async move {
            viewer.look(position, &interest).await.map(Box::new)
        }));
    }

    fn ends_the_errand(&mut self) {
        if let Some(errand) = self.errand.take() {
            errand.abort();
        }
    }
}

/// The end of a task; never, where there is none.
async fn ended<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    let Some(running) = task else {
        return pending().await;
    };
    let answer = running.await;
    *task = None;
    answer
}
