//! Values of expressions at a position, and whether the event there made them others.

use std::sync::Arc;

use serde_json::Value;

use super::super::expression::{Expression, Scene};

/// An expression that is watched, before and after the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Its text.
    pub text: String,
    /// Its value after the event; in words, why it has none.
    pub is: Result<Value, String>,
    /// Its value before.
    pub was: Result<Value, String>,
}

/// A condition at which a run stops, before and after the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its text.
    pub text: String,
    /// Whether it holds after the event; in words, why that cannot be said.
    pub holds: Result<bool, String>,
    /// Whether it newly does.
    pub is_new: bool,
}

/// The scenes on both sides of an event.
pub(super) type Sides<'a> = (Scene<'a>, Scene<'a>);

impl Watched {
    /// What an expression comes to on both sides.
    pub(super) fn of(expression: &Arc<Expression>, (before, after): Sides<'_>) -> Self {
        Self {
            text: expression.text().to_owned(),
            is: expression.value(after),
            was: expression.value(before),
        }
    }

    /// Whether its value is another one than before the event.
    pub fn is_other(&self) -> bool {
        self.is.is_ok() != self.was.is_ok() || (self.is.is_ok() && self.is != self.was)
    }
}

impl Condition {
    /// Whether a condition holds, and whether a walk would stop here, given that the event is one
    /// that it may hang on.
    pub(super) fn of(
        expression: &Arc<Expression>,
        (before, after): Sides<'_>,
        may_move: bool,
    ) -> Self {
        let holds = holds(expression, after);
        let held = !expression.is_of_events() && holds_in(expression, before);
        Self {
            text: expression.text().to_owned(),
            is_new: may_move && holds == Ok(true) && !held,
            holds,
        }
    }
}

fn holds(expression: &Expression, scene: Scene<'_>) -> Result<bool, String> {
    match expression.value(scene)? {
        Value::Bool(holds) => Ok(holds),
        _ => Err("it is neither true nor false".to_owned()),
    }
}

fn holds_in(expression: &Expression, scene: Scene<'_>) -> bool {
    holds(expression, scene) == Ok(true)
}
