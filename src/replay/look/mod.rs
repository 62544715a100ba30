//! Everything that there is to see at one position: its event among those around it, what led
//! there and what came of it, what it changed, what else might have happened, and the values of
//! expressions. A debugger shows it.

mod alternatives;
mod at_hand;
mod changed;
mod pages;
mod story;
mod viewer;
mod watched;

pub use alternatives::Alternative;
pub use changed::Changed;
pub use pages::EventLine;
pub use story::{Consequence, Story};
pub use viewer::{Interest, Look, Viewer};
pub use watched::{Condition, Watched};
