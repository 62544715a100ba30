//! Whatever agents and strangers write into a title stays text, in each of the forms.

use super::page::{Cited, Group, Line, Links, Page, Part};
use super::{html, markdown, plain};
use crate::terminal::inline;

/// Texts that would like to be more than text; the browser suite has five hundred more.
const HOSTILE: &[&str] = &[
    "<script>fired()</script>",
    "</script><img src=x onerror=fired()>",
    "\"><svg/onload=fired()>",
    "'><iframe srcdoc=\"<script>fired()</script>\">",
    "</title></style></textarea><base href=javascript:fired()//>",
    "<!-- --><![CDATA[ x ]]>",
    "&lt;script&gt;fired()&lt;/script&gt; &amp; &#106;avascript:",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "[click](javascript:fired())",
    "![picture](https://evil.example/x.png)",
    "[x][1]\n\n[1]: javascript:fired()",
    "<https://evil.example> https://evil.example www.evil.example a@evil.example",
    "# heading\n## another\n- item\n1. one\n> quote\n```\ncode\n```",
    "- item",
    "+ item",
    "=====",
    "1. one",
    "12) twelve",
    "*bold* _italic_ ~~gone~~ `code` ``more`` | a | b |",
    "$x^2$ \\( x \\) \\",
    "\u{1b}]0;title\u{7}\u{1b}[2J",
    "\u{202e}txt.exe zero\u{200b}width",
    "a\r\nb\u{2028}c\u{0}d",
];

fn page_of(text: &str) -> Page {
    let line = Line {
        text: inline(text),
        command: Some(inline(text)),
        cited: vec![
            Cited {
                position: 7,
                link: Some("https://fleet.example/p/zoo/log?event=7".into()),
            },
            Cited {
                position: 9,
                link: None,
            },
        ],
        more: 3,
    };
    Page {
        title: "What happened".into(),
        lead: "From then to now.".into(),
        parts: vec![Part {
            title: inline(text),
            lead: Some("2 of 3 features".into()),
            groups: vec![Group {
                title: "Merged",
                lines: vec![line],
            }],
        }],
    }
}

fn signs(text: &str, sign: char) -> usize {
    text.matches(sign).count()
}

#[test]
fn html_holds_no_tag_and_no_quote_that_the_template_does_not() {
    let harmless = html::text(&page_of("x")).expect("rendered");
    assert!(
        harmless.contains("<a href=\"https:&#x2f;&#x2f;fleet.example&#x2f;p"),
        "{harmless}"
    );
    assert!(
        !harmless.contains("<script") && !harmless.contains("src="),
        "{harmless}"
    );

    for text in HOSTILE {
        let page = html::text(&page_of(text)).expect("rendered");
        for sign in ['<', '>', '"', '\''] {
            assert_eq!(
                signs(&page, sign),
                signs(&harmless, sign),
                "{sign} of {text:?}"
            );
        }
        let bare = page
            .replace("&lt;", "")
            .replace("&gt;", "")
            .replace("&amp;", "");
        let bare = bare
            .replace("&quot;", "")
            .replace("&#x27;", "")
            .replace("&#x2f;", "");
        assert_eq!(signs(&bare, '&'), 0, "{text:?}: {page}");
    }
}

#[test]
fn markdown_obeys_nothing_that_others_wrote() {
    for text in HOSTILE {
        let escaped = markdown::escaped(&inline(text));
        let mut signs = escaped.chars().peekable();
        while let Some(sign) = signs.next() {
            if sign == '\\' {
                let obeyed = signs.next();
                assert!(
                    obeyed.is_some_and(|c| c.is_ascii_punctuation()),
                    "{escaped}"
                );
                continue;
            }
            assert!(
                !"`*_{}[]<>()#!|~&^$:@".contains(sign),
                "{sign} in {escaped}"
            );
        }
        assert!(!escaped.starts_with(['-', '+', '=', ' ']), "{escaped}");
        assert!(
            !escaped.contains('\n') && !escaped.contains("www."),
            "{escaped}"
        );
    }
    assert_eq!(markdown::escaped("1. one"), "1\\. one");
    assert_eq!(markdown::escaped("it is 3.5 s"), "it is 3.5 s");
    assert_eq!(markdown::escaped("feat-x is done."), "feat-x is done.");
}

#[test]
fn every_form_has_a_line_for_a_sentence_and_shows_signs_that_are_obeyed() {
    for text in HOSTILE {
        let page = page_of(text);
        let forms = [
            plain::text(&page),
            markdown::text(&page),
            html::text(&page).expect("rendered"),
        ];
        let lines = forms.each_ref().map(|form| form.lines().count());
        let expected = [plain::text(&page_of("x")), markdown::text(&page_of("x"))];
        assert_eq!(
            lines[..2],
            expected.each_ref().map(|form| form.lines().count()),
            "{text:?}"
        );
        for form in forms {
            let obeyed =
                |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{2028}".contains(c);
            assert!(!form.contains(obeyed), "{form:?}");
        }
    }
}

#[test]
fn links_lead_to_a_server_and_nowhere_else() {
    for (text, fits) in [
        ("https://fleet.example", true),
        ("http://127.0.0.1:8080/below/", true),
        ("javascript:fired()", false),
        ("data:text/html,x", false),
        ("fleet.example", false),
        ("https://fleet.example/\"><script>", false),
        ("https://fleet.example/?x=1", false),
        ("https://fleet.example/a b", false),
    ] {
        assert_eq!(text.parse::<Links>().is_ok(), fits, "{text}");
    }
}
