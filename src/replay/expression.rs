//! Expressions over an instant, in the Common Expression Language: over the event there, and over
//! what was so after it. The variables are the documents that the API has, by the same names.

use std::fmt::Display;

use actors::rejection::Rejection;
use cel::{Context, ExecutionError, ParseErrors, Program, Value as Found};
use events::envelope::Envelope;
use events::view::Projections;
use serde_json::Value;

use super::document::{Subject, View};
use crate::api::EventShape;

/// The variables that an expression may name, and what they are.
const VARIABLES: &[(&str, Of)] = &[
    ("event", Of::Event),
    ("state", Of::Subject),
    ("project", Of::View(View::Project)),
    ("board", Of::View(View::Board)),
    ("features", Of::View(View::Features)),
    ("slots", Of::View(View::Fleet)),
    ("queue", Of::View(View::Queue)),
    ("needs", Of::View(View::Needs)),
    ("sessions", Of::View(View::Sessions)),
];

/// Longest expression, in bytes.
const EXPRESSION_MAX: usize = 4_096;
/// Brackets and conditions within each other, at most. The parser takes up to 150 KB of stack for
/// each in a debug build.
const NESTED_MAX: usize = 32;
/// Stack for whatever reads and evaluates an expression, in bytes: many times what the bounds above
/// leave room for. Memory is taken as it is used.
const STACK: usize = 256 * 1024 * 1024;

/// The thing that a variable stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The event at the position.
    Event,
    /// The thing that is looked at.
    Subject,
    /// A view of the project that is looked at.
    View(View),
}

/// An expression that was understood.
pub struct Expression {
    program: Program,
    text: String,
    named: Vec<(&'static str, Of)>,
}

/// The answer of an expression at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is true.
    Holds,
    /// It is false.
    HoldsNot,
    /// It cannot be answered at this instant, in words: a field that is not there, or kinds of
    /// values that do not go together.
    Not(String),
}

impl Answer {
    /// Whether it is true; where it cannot be answered it is not.
    pub fn holds(&self) -> bool {
        *self == Self::Holds
    }
}

/// The scene in which an expression is asked.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The projections after the event.
    pub projections: &'a Projections,
    /// The event that led there; none before the first one.
    pub event: Option<&'a Envelope>,
    /// The thing that is looked at.
    pub subject: &'a Subject,
}

impl Expression {
    /// Understands an expression.
    ///
    /// # Errors
    /// It cannot be read, with a caret under the place; or it names a variable that there is not.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        if text.len() > EXPRESSION_MAX {
            let length = text.len();
            let why =
                format!("the expression has {length} bytes, at most {EXPRESSION_MAX} are read");
            return Err(Rejection::invalid(why));
        }
        let nested = nested(text);
        if nested > NESTED_MAX {
            return Err(Rejection::invalid(format!(
                "the expression has {nested} brackets and conditions within each other, at most \
                 {NESTED_MAX} are read"
            )));
        }

        let program = on_a_large_stack(|| Program::compile(text))?;
        let program = program.map_err(|errors| Rejection::invalid(unreadable(text, &errors)))?;

        let references = program.references();
        let named = references.variables().into_iter().filter_map(variable);

        Ok(Self {
            named: named.collect(),
            text: text.to_owned(),
            program,
        })
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// It cannot be answered anywhere: a variable that there is not, or an answer that is neither
    /// true nor false.
    pub fn ask(&self, scene: Scene<'_>) -> Result<Answer, Rejection> {
        match self.found(scene)? {
            Ok(Found::Bool(true)) => Ok(Answer::Holds),
            Ok(Found::Bool(false)) => Ok(Answer::HoldsNot),
            Ok(other) => Err(self.no(format!("it is {other:?}, neither true nor false"))),
            Err(why) => Ok(Answer::Not(why)),
        }
    }

    /// Its value, of whatever kind.
    ///
    /// # Errors
    /// It has none here, in words.
    pub fn value(&self, scene: Scene<'_>) -> Result<Value, String> {
        let found = self.found(scene).map_err(|no| no.message)??;
        found.json().map_err(|error| error.to_string())
    }

    /// The expression that holds where this one does not. Where this one cannot be answered,
    /// neither can that.
    ///
    /// # Errors
    /// It would be longer or deeper than is read.
    pub fn negated(&self) -> Result<Self, Rejection> {
        Self::parse(&format!("!({})", self.text))
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it asks about the event, which is another one at each position.
    pub fn is_of_events(&self) -> bool {
        self.named.iter().any(|(_, of)| *of == Of::Event)
    }

    /// What it comes to in a scene; in words, why it comes to nothing there.
    fn found(&self, scene: Scene<'_>) -> Result<Result<Found, String>, Rejection> {
        let mut context = Context::default();
        for (name, of) in &self.named {
            let added = context.add_variable(*name, of.value(scene));
            added.map_err(|error| self.no(error))?;
        }

        match on_a_large_stack(|| self.program.execute(&context))? {
            Ok(found) => Ok(Ok(found)),
            Err(ExecutionError::UndeclaredReference(name)) => Err(self.no(unknown(&name))),
            Err(ExecutionError::NoSuchKey(name)) => Ok(Err(format!("there is no field `{name}`"))),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    fn no(&self, why: impl Display) -> Rejection {
        Rejection::invalid(format!("the expression `{}`: {why}", self.text))
    }
}

/// How deep brackets and conditions of a text lie within each other, at most; those within quotes
/// are counted as well.
fn nested(text: &str) -> usize {
    let (mut open, mut deepest, mut conditions) = (0usize, 0, 0);

    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            // What follows one lies within it.
            '?' => conditions += 1,
            _ => {}
        }
        deepest = deepest.max(open + conditions);
    }
    deepest
}

/// Runs something that calls itself as deep as an expression goes.
fn on_a_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, Rejection> {
    let failed = |why: String| Rejection::later("memory", why);

    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let running = thread.spawn_scoped(scope, run);
        let running = running.map_err(|error| failed(error.to_string()))?;
        let done = running.join();
        done.map_err(|_| failed("the expression could not be evaluated".to_owned()))
    })
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

fn variable(name: &str) -> Option<(&'static str, Of)> {
    VARIABLES.iter().find(|(known, _)| *known == name).copied()
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> = VARIABLES.iter().map(|(known, _)| *known).collect();
    format!("there is no `{name}`; there are {}", known.join(", "))
}

/// What cannot be read of an expression, with a caret under the place.
fn unreadable(text: &str, errors: &ParseErrors) -> String {
    let shown = errors.errors.iter().map(|error| {
        let (_, column) = error.pos;
        let place = usize::try_from(column).unwrap_or(1).saturating_sub(1);
        format!("{}\n  {text}\n  {:place$}^", error.msg, "")
    });
    let shown: Vec<String> = shown.collect();
    format!("the expression cannot be read: {}", shown.join("\n"))
}

impl Of {
    fn value(self, scene: Scene<'_>) -> Value {
        let found = match self {
            Self::Event => scene.event.and_then(of_event),
            Self::Subject => scene.subject.document(scene.projections),
            Self::View(view) => scene.subject.project().and_then(|name| {
                let subject = Subject::Project(name.clone(), view);
                subject.document(scene.projections)
            }),
        };
        // A field of what is not there is not there.
        found.unwrap_or_else(|| Value::Object(serde_json::Map::new()))
    }
}

fn of_event(envelope: &Envelope) -> Option<Value> {
    serde_json::to_value(EventShape::from(envelope)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_conditions_are_counted_as_deep_as_they_go() {
        for (text, deep) in [
            ("true", 0),
            ("(a) && (b)", 1),
            ("((a))", 2),
            ("f(a[b{c}])", 3),
            ("a ? b : c", 1),
            ("a ? (b ? c : d) : e", 3),
            ("a ? b : c ? d : e", 2),
            ("))((", 2),
            ("'(((' == x", 3),
        ] {
            assert_eq!(nested(text), deep, "{text}");
        }
    }

    #[test]
    fn an_expression_within_its_bounds_is_read_and_one_beyond_them_is_not() {
        let within = |count: usize| format!("{}true{}", "(".repeat(count), ")".repeat(count));
        assert!(Expression::parse(&within(NESTED_MAX)).is_ok());
        let wide = format!("true{}", " ".repeat(EXPRESSION_MAX - 4));
        assert!(Expression::parse(&wide).is_ok());

        for (text, words) in [
            (within(NESTED_MAX + 1), "at most 32 are read"),
            (format!("{wide} "), "at most 4096 are read"),
            ("a &&".to_owned(), "^"),
        ] {
            let Err(why) = Expression::parse(&text) else {
                panic!("{text} is read");
            };
            assert!(why.to_string().contains(words), "{why}");
        }
    }

    #[test]
    fn what_panics_on_its_stack_is_a_refusal() {
        let done: Result<(), _> = on_a_large_stack(|| panic!("out of hand"));
        let why = done.expect_err("it panicked").to_string();
        assert!(why.contains("could not be evaluated"), "{why}");
    }
}
