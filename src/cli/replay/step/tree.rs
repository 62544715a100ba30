//! A JSON value as lines, with a sign before those that an event touched.

use std::collections::BTreeSet;

use json_patch::jsonptr::{PointerBuf, Token};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use serde_json::Value;

/// Lines of a value; what is longer is read with `replay state`.
const LINES_MAX: usize = 4_000;

/// Places of a value.
pub(super) type Places = BTreeSet<PointerBuf>;

/// The lines of a value.
pub(super) fn lines(value: &Value, touched: &Places) -> Vec<Line<'static>> {
    let mut tree = Tree {
        touched,
        lines: vec![],
    };
    let root = PointerBuf::root();
    tree.value(value, &root, At::default());
    if tree.lines.len() > LINES_MAX {
        tree.lines.truncate(LINES_MAX);
        tree.lines
            .push(Line::from("… the rest is in `replay state`"));
    }
    tree.lines
}

/// The style of what an event changed.
pub(super) fn changed() -> Style {
    Style::new().fg(Color::Magenta).bold()
}

/// Where a value stands.
#[derive(Debug, Clone, Default)]
struct At {
    depth: usize,
    name: Option<String>,
    /// Whether something around it was touched.
    is_within: bool,
    comma: &'static str,
}

struct Tree<'a> {
    touched: &'a Places,
    lines: Vec<Line<'static>>,
}

impl Tree<'_> {
    fn value(&mut self, value: &Value, place: &PointerBuf, at: At) {
        if self.lines.len() > LINES_MAX {
            return;
        }
        let is_touched = at.is_within || self.touched.contains(place);
        let begins = match &at.name {
            Some(name) => format!("{}: ", Value::from(name.as_str())),
            None => String::new(),
        };

        let fields: Vec<(Option<String>, Token<'static>, &Value)> = match value {
            Value::Object(fields) => {
                let fields = fields.iter();
                let named = fields.map(|(name, one)| (Some(name.clone()), token(name), one));
                named.collect()
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(n, one)| (None, n.into(), one)).collect()
            }
            _ => vec![],
        };
        let (opens, closes) = if value.is_array() {
            ("[", "]")
        } else {
            ("{", "}")
        };
        if fields.is_empty() {
            let text = format!("{begins}{value}{}", at.comma);
            return self.line(at.depth, &text, is_touched);
        }

        self.line(at.depth, &format!("{begins}{opens}"), is_touched);
        let last = fields.len() - 1;
        for (n, (name, token, one)) in fields.into_iter().enumerate() {
            let mut within = place.clone();
            within.push_back(token);
            let at = At {
                depth: at.depth + 1,
                name,
                is_within: is_touched,
                comma: if n == last { "" } else { "," },
            };
            self.value(one, &within, at);
        }
        self.line(at.depth, &format!("{closes}{}", at.comma), is_touched);
    }

    fn line(&mut self, depth: usize, text: &str, is_touched: bool) {
        let indent = "  ".repeat(depth);
        let line = match is_touched {
            true => Line::from(vec![
                Span::styled("~ ", changed()),
                Span::styled(format!("{indent}{text}"), changed()),
            ]),
            false => Line::from(format!("  {indent}{text}")),
        };
        self.lines.push(line);
    }
}

fn token(name: &str) -> Token<'static> {
    Token::new(name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn touched_places_have_a_sign() {
        let value = json!({"a": {"b": [1, {"c/d": "x"}], "e": {}}, "f": null});
        let touched = ["/a/b/1/c~1d", "/a/e"].map(|place| PointerBuf::parse(place).expect("one"));
        let shown: Vec<String> = lines(&value, &Places::from(touched))
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "  {",
            "    \"a\": {",
            "      \"b\": [",
            "        1,",
            "        {",
            "~         \"c/d\": \"x\"",
            "        }",
            "      ],",
            "~     \"e\": {}",
            "    },",
            "    \"f\": null",
            "  }",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_long_value_has_an_end() {
        let value = json!((0..10_000).collect::<Vec<_>>());
        assert_eq!(lines(&value, &Places::new()).len(), LINES_MAX + 1);
    }
}
