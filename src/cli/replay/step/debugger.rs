//! The debugger as a value: where it stands, what it waits for, and what each key does. It does
//! nothing itself; what is to be done is the answer.

use std::sync::Arc;

use actors::rejection::Rejection;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use events::stream::{Position, StreamId};

use super::input::{Asks, Input, Typed};
use super::pane::{PANES, Pane};
use crate::replay::{Expression, Found, Interest, Look, Sought, Way};

/// Events in a second, from slow to fast.
pub(super) const SPEEDS: [u32; 6] = [1, 2, 5, 10, 20, 50];
/// Breaks, and watched expressions: as many as can be looked over, and asked at every event.
const EXPRESSIONS_MAX: usize = 16;
/// Lines of a page.
const PAGE: isize = 10;

/// What is to be done.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// Nothing, beyond showing what is so now.
    Nothing,
    /// To look at the position.
    Look,
    /// To walk from the position to something.
    Walk(Sought, Way),
    /// To find the position that these words stand for.
    Find(String),
    /// To end a walk.
    Stop,
    /// To end.
    Quit,
}

/// Something that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// The words.
    pub(super) text: String,
    /// Whether something did not go.
    pub(super) is_fault: bool,
}

/// The event at the position, as far as keys ask about it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Here {
    stream: StreamId,
    kind: String,
}

/// Something that is under way, and may take its time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Errand {
    words: String,
    is_for_a_break: bool,
}

/// The debugger.
#[derive(Debug, Clone)]
pub(super) struct Debugger {
    /// The position that is looked at, or is to be.
    pub(super) position: Position,
    /// The newest position that is known.
    pub(super) head: Position,
    /// What is to be known at each position.
    pub(super) interest: Interest,
    /// Whether it goes on by itself.
    pub(super) is_playing: bool,
    /// The line that is being typed.
    pub(super) input: Option<Input>,
    /// Something that is told.
    pub(super) note: Option<Note>,
    /// The pane that keys go to.
    pub(super) pane: Pane,
    /// Whether the keys are shown.
    pub(super) shows_help: bool,
    /// The line that is chosen among breaks and watched expressions.
    pub(super) chosen: usize,
    speed: usize,
    here: Option<Here>,
    errand: Option<Errand>,
    /// Lines that are scrolled away, for each pane.
    scrolls: [usize; PANES.len()],
    /// As many as could be when it was drawn last.
    extents: [usize; PANES.len()],
}

impl Debugger {
    /// A debugger that stands at a position.
    pub(super) fn at(position: Position, interest: Interest) -> Self {
        Self {
            position,
            head: position,
            interest,
            is_playing: false,
            input: None,
            note: None,
            pane: Pane::Event,
            shows_help: false,
            chosen: 0,
            speed: 1,
            here: None,
            errand: None,
            scrolls: [0; PANES.len()],
            extents: [0; PANES.len()],
        }
    }

    /// Events in a second.
    pub(super) fn speed(&self) -> u32 {
        SPEEDS[self.speed]
    }

    /// The thing that is under way, in words.
    pub(super) fn errand(&self) -> Option<&str> {
        self.errand.as_ref().map(|errand| errand.words.as_str())
    }

    /// Lines of a pane that are scrolled away, at most as many as there are.
    pub(super) fn scroll_of(&self, pane: Pane, most: usize) -> usize {
        self.scrolls[pane.place()].min(most)
    }

    /// Takes how far each pane can be scrolled, as it was drawn.
    pub(super) fn drawn(&mut self, extents: [usize; PANES.len()]) {
        self.extents = extents;
    }

    /// Takes a key.
    pub(super) fn update(&mut self, key: KeyEvent) -> Command {
        if key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL {
            return Command::Quit;
        }
        if self.shows_help {
            self.shows_help = false;
            return Command::Nothing;
        }
        if self.input.is_some() {
            return self.typed(key);
        }
        if !(key.modifiers - KeyModifiers::SHIFT).is_empty() {
            return Command::Nothing;
        }

        self.note = None;
        match key.code {
            KeyCode::Char('q') => Command::Quit,
            KeyCode::Esc => self.stop(),
            code => match self.moved(code) {
                Some(command) => command,
                None => self.told(code),
            },
        }
    }

    /// A key that goes somewhere.
    fn moved(&mut self, code: KeyCode) -> Option<Command> {
        Some(match code {
            KeyCode::Right | KeyCode::Char('l') => self.step(Way::On),
            KeyCode::Left | KeyCode::Char('h') => self.step(Way::Back),
            KeyCode::Home => self.go(Position(self.head.0.min(1))),
            KeyCode::End => self.go(self.head),
            KeyCode::Char('s') => self.along_the_stream(Way::On),
            KeyCode::Char('S') => self.along_the_stream(Way::Back),
            KeyCode::Char('n') => self.walk(Sought::Subject, Way::On),
            KeyCode::Char('N') => self.walk(Sought::Subject, Way::Back),
            KeyCode::Char('c') => self.go_on(Way::On),
            KeyCode::Char('C') => self.go_on(Way::Back),
            _ => return None,
        })
    }

    /// A key that changes what is shown, or asks for something.
    fn told(&mut self, code: KeyCode) -> Command {
        match code {
            KeyCode::Char(' ') => {
                self.is_playing = !self.is_playing;
                self.errand = None;
                return Command::Stop;
            }
            KeyCode::Char('x') => return self.remove(),

            KeyCode::Down | KeyCode::Char('j') => self.scroll(1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(-1),
            KeyCode::PageDown => self.scroll(PAGE),
            KeyCode::PageUp => self.scroll(-PAGE),
            KeyCode::Char('+' | '=') => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            KeyCode::Char('-') => self.speed = self.speed.saturating_sub(1),
            KeyCode::Char('g') => self.ask(Asks::Place),
            KeyCode::Char('t') => self.ask(Asks::Type(Way::On)),
            KeyCode::Char('T') => self.ask(Asks::Type(Way::Back)),
            KeyCode::Char('b') => self.ask(Asks::Break),
            KeyCode::Char('w') => self.ask(Asks::Watch),
            KeyCode::Tab => self.pane = self.pane.next(),
            KeyCode::BackTab => self.pane = self.pane.previous(),
            KeyCode::Char('?') => self.shows_help = true,
            _ => {}
        }
        Command::Nothing
    }

    fn go(&mut self, position: Position) -> Command {
        self.position = position;
        self.is_playing = false;
        self.errand = None;
        Command::Look
    }

    fn step(&mut self, way: Way) -> Command {
        let to = match way {
            Way::On => self.position.0 + 1,
            Way::Back => self.position.0.saturating_sub(1),
        };
        if to > self.head.0 {
            self.tell("this is the newest event");
            // A server may have gone on meanwhile.
            return self.go(self.position);
        }
        self.go(Position(to))
    }

    fn walk(&mut self, sought: Sought, way: Way) -> Command {
        self.is_playing = false;
        self.errand = Some(Errand {
            words: self.words(&sought, way),
            is_for_a_break: matches!(sought, Sought::Holds(_)),
        });
        Command::Walk(sought, way)
    }

    fn words(&self, sought: &Sought, way: Way) -> String {
        let what = match sought {
            Sought::Holds(_) => "break".to_owned(),
            Sought::Type(name) => format!("event of type {name}"),
            Sought::Stream(stream) => format!("event of {stream}"),
            Sought::Subject => format!("event of {}", self.interest.subject),
        };
        let position = self.position;
        match way {
            Way::On => format!("{what} after position {position}"),
            Way::Back => format!("{what} before position {position}"),
        }
    }

    fn along_the_stream(&mut self, way: Way) -> Command {
        match self.here.clone() {
            Some(here) => self.walk(Sought::Stream(here.stream), way),
            None => self.fault("there is no event here"),
        }
    }

    fn go_on(&mut self, way: Way) -> Command {
        if self.interest.breaks.is_empty() {
            return self.fault("there is no break expression: b adds one");
        }
        self.walk(Sought::Holds(self.interest.breaks.clone()), way)
    }

    /// Ends whatever is under way.
    fn stop(&mut self) -> Command {
        self.is_playing = false;
        self.errand = None;
        Command::Stop
    }

    fn ask(&mut self, asks: Asks) {
        let here = self.here.as_ref();
        let text = match asks {
            Asks::Type(_) => here.map(|here| here.kind.clone()).unwrap_or_default(),
            Asks::Place | Asks::Break | Asks::Watch => String::new(),
        };
        self.is_playing = false;
        self.input = Some(Input { asks, text });
    }

    /// A key in the line that is being typed.
    fn typed(&mut self, key: KeyEvent) -> Command {
        let Some(input) = &mut self.input else {
            return Command::Nothing;
        };
        match input.typed(key) {
            Typed::On => self.note = None,
            Typed::Left => self.input = None,
            Typed::Done => {
                let (asks, text) = (input.asks, input.text.trim().to_owned());
                return self.entered(asks, text);
            }
        }
        Command::Nothing
    }

    fn entered(&mut self, asks: Asks, text: String) -> Command {
        if text.is_empty() {
            self.input = None;
            return Command::Nothing;
        }

        match asks {
            Asks::Place => {
                self.input = None;
                let words = format!("position {text}");
                self.errand = Some(Errand {
                    words,
                    is_for_a_break: false,
                });
                Command::Find(text)
            }
            Asks::Type(way) => {
                self.input = None;
                self.walk(Sought::Type(text), way)
            }
            Asks::Break | Asks::Watch => self.expression(asks, &text),
        }
    }

    /// An expression was typed; one that cannot be understood can be mended.
    fn expression(&mut self, asks: Asks, text: &str) -> Command {
        let expression = match Expression::parse(text) {
            Ok(expression) => Arc::new(expression),
            Err(rejection) => return self.fault(&rejection.message),
        };
        let (all, pane) = match asks {
            Asks::Break => (&mut self.interest.breaks, Pane::Watched),
            Asks::Place | Asks::Type(_) | Asks::Watch => {
                (&mut self.interest.watches, Pane::Watched)
            }
        };
        if all.len() == EXPRESSIONS_MAX {
            return self.fault("there are as many as can be looked over: x removes one");
        }

        all.push(expression);
        self.input = None;
        self.pane = pane;
        Command::Look
    }

    fn remove(&mut self) -> Command {
        let (breaks, watches) = (&mut self.interest.breaks, &mut self.interest.watches);
        let all = breaks.len() + watches.len();
        if self.pane != Pane::Watched || all == 0 {
            return self.fault("choose in the pane of watched expressions what is to be removed");
        }

        let chosen = self.chosen.min(all - 1);
        match chosen.checked_sub(breaks.len()) {
            None => drop(breaks.remove(chosen)),
            Some(n) => drop(watches.remove(n)),
        }
        self.chosen = chosen.min(all.saturating_sub(2));
        Command::Look
    }

    fn scroll(&mut self, by: isize) {
        if self.pane == Pane::Watched {
            let all = self.interest.breaks.len() + self.interest.watches.len();
            let last = all.saturating_sub(1);
            self.chosen = self.chosen.saturating_add_signed(by).min(last);
            return;
        }
        let place = self.pane.place();
        let most = self.extents[place];
        let now = self.scrolls[place].min(most);
        self.scrolls[place] = now.saturating_add_signed(by).min(most);
    }

    /// Takes the next tick of the clock by which it plays, with the position that was looked at
    /// last: it waits for what is slower than the clock.
    pub(super) fn tick(&mut self, seen: Option<Position>) -> Command {
        if !self.is_playing || seen != Some(self.position) {
            return Command::Nothing;
        }
        if self.position >= self.head {
            self.is_playing = false;
            self.tell("this is the newest event");
            return Command::Nothing;
        }
        self.position.0 += 1;
        Command::Look
    }

    /// Takes what there is to see at a position.
    pub(super) fn arrived(&mut self, look: &Result<Box<Look>, Rejection>) {
        let look = match look {
            Ok(look) => look,
            Err(rejection) => {
                self.is_playing = false;
                self.fault(&rejection.message);
                return;
            }
        };
        self.head = look.head;
        let event = look.event.as_ref();
        self.here = event.and_then(|event| {
            Some(Here {
                stream: event.stream.parse().ok()?,
                kind: event.kind.clone(),
            })
        });

        let reached = look.conditions.iter().find(|condition| condition.is_new);
        if let Some(condition) = reached.filter(|_| self.is_playing) {
            self.is_playing = false;
            self.tell(&format!("stopped at {}", condition.text));
        }
    }

    /// Takes the end of a walk.
    pub(super) fn walked(&mut self, found: Result<Option<Found>, Rejection>) -> Command {
        let Some(errand) = self.errand.take() else {
            return Command::Nothing;
        };
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.tell(&format!("there is no {}", errand.words));
                return Command::Nothing;
            }
            Err(rejection) => return self.fault(&rejection.message),
        };

        let reached = self.interest.breaks.get(found.which).cloned();
        if let Some(expression) = reached.filter(|_| errand.is_for_a_break) {
            self.tell(&format!("stopped at {}", expression.text()));
        }
        self.go(found.position)
    }

    /// Takes the position that words stand for.
    pub(super) fn located(&mut self, found: Result<Position, Rejection>) -> Command {
        self.errand = None;
        match found {
            Ok(position) => self.go(position),
            Err(rejection) => self.fault(&rejection.message),
        }
    }

    fn tell(&mut self, text: &str) {
        self.note = Some(Note {
            text: text.to_owned(),
            is_fault: false,
        });
    }

    fn fault(&mut self, text: &str) -> Command {
        self.note = Some(Note {
            text: text.to_owned(),
            is_fault: true,
        });
        Command::Nothing
    }
}
