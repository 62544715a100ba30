//! Lineage in words: one line for each link, with the positions that show it.

use crate::api::{ClaimLineage, EntryLineage, LineShape, SessionLineage};

/// Where a line comes from.
pub(super) fn line(found: &LineShape) -> Vec<String> {
    let LineShape {
        project,
        path,
        line,
        trunk,
        commit,
        author,
        summary,
        ..
    } = found;
    let mut lines = vec![
        format!("{project} {path}:{line} at {trunk}"),
        format!("  {}", found.text),
        format!("commit {commit} of {author}: {summary}"),
    ];

    lines.push(match (&found.entry, &found.brought) {
        (Some(entry), Some(brought)) => of_entry(entry, brought),
        _ => "no event names it: somebody else brought it".to_owned(),
    });
    lines.extend(found.claim.iter().flat_map(claim));
    lines.extend(found.session.iter().flat_map(session));
    lines
}

/// Sessions, each with the claim that it was about.
pub(super) fn sessions(found: &[SessionLineage]) -> Vec<String> {
    if found.is_empty() {
        return vec!["no session is known of it".to_owned()];
    }

    let mut lines = Vec::new();
    for one in found {
        lines.extend(session(one));
        lines.extend(one.claim.iter().flat_map(claim));
    }
    lines
}

fn of_entry(entry: &EntryLineage, brought: &str) -> String {
    let EntryLineage {
        number,
        kind,
        queued,
        advanced,
        ..
    } = entry;
    let of = match &entry.feature {
        Some(feature) => format!(" of {feature}"),
        None => String::new(),
    };

    let verified = match (entry.verified, entry.exit) {
        (Some(at), Some(exit)) => format!("verified with exit code {exit} ({at}), "),
        (Some(at), None) => format!("let through without a command ({at}), "),
        (None, _) => String::new(),
    };
    format!(
        "entry {number} ({kind}{of}) brought it as {brought}: queued ({queued}), \
         {verified}published ({advanced})"
    )
}

fn claim(claim: &ClaimLineage) -> Vec<String> {
    let title = match &claim.title {
        Some(title) => format!(" “{title}”"),
        None => String::new(),
    };
    let ClaimLineage {
        feature,
        epoch,
        holder,
        claimed,
        ..
    } = claim;
    let mut lines = vec![format!(
        "feature {feature}{title}, claim {epoch} of {holder}  ({claimed})"
    )];

    if let (Some(sha), Some(at)) = (&claim.sha, claim.submitted) {
        lines.push(format!("  handed in as {sha}  ({at})"));
    }
    for one in &claim.verdicts {
        let (session, judgement) = (&one.session, one.judgement);
        let (findings, at) = (one.findings, one.position);
        lines.push(format!(
            "  session {session} said {judgement}, findings: {findings}  ({at})"
        ));
    }

    let (fate, at) = (claim.fate.replace('_', " "), claim.position);
    lines.push(match &claim.merged {
        Some(sha) => format!("  {fate}: {sha}  ({at})"),
        None => format!("  {fate}  ({at})"),
    });
    lines
}

fn session(session: &SessionLineage) -> Vec<String> {
    let agent = match (session.agent, &session.model) {
        (Some(agent), Some(model)) => format!(", {agent} with {model}"),
        (Some(agent), None) => format!(", {agent}"),
        (None, _) => String::new(),
    };
    let SessionLineage {
        session: id,
        project,
        slot,
        role,
        prompt,
        assigned,
        ..
    } = session;
    let mut lines = vec![
        format!("session {id}, {role} in slot {slot} of {project}{agent}  ({assigned})"),
        format!("  prompt {prompt}"),
    ];

    if let (Some(outcome), Some(at)) = (session.outcome, session.ended) {
        lines.push(format!("  ended: {}  ({at})", outcome.replace('_', " ")));
    }
    let usage = &session.usage;
    if usage.requests > 0 {
        let usd = usage.micro_usd as f64 / 1_000_000.0;
        let models = session.models.join(", ");
        lines.push(format!(
            "  {models}: {} requests, {usd:.2} USD",
            usage.requests
        ));
    }
    if let Some(kept) = &session.transcript {
        let (chunks, bytes) = (kept.chunks, kept.bytes);
        let (path, at) = (&kept.path, kept.position);
        lines.push(format!(
            "  transcript {path}: chunks 1 to {chunks}, {bytes} bytes  ({at})"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use events::usage::Usage;

    use super::*;
    use crate::api::{TranscriptLineage, VerdictLineage};

    fn own_claim() -> ClaimLineage {
        ClaimLineage {
            feature: "feat-x".into(),
            title: Some("Feed the lions".into()),
            epoch: 2,
            holder: "slot 1".into(),
            claimed: 10,
            sha: Some("bbbb".into()),
            submitted: Some(12),
            verdicts: vec![VerdictLineage {
                session: "s2".into(),
                judgement: "pass",
                findings: 0,
                position: 14,
            }],
            fate: "merged",
            merged: Some("cccc".into()),
            position: 20,
        }
    }

    fn own_session() -> SessionLineage {
        SessionLineage {
            session: "s1".into(),
            project: "zoo".into(),
            slot: 1,
            role: "coder",
            feature: Some("feat-x".into()),
            epoch: Some(2),
            agent: Some("claude"),
            model: Some("opus".into()),
            models: vec!["opus-4".into(), "sonnet-4".into()],
            prompt: "dddd".into(),
            assigned: 11,
            ended: Some(13),
            outcome: Some("timed_out"),
            usage: Usage {
                requests: 3,
                micro_usd: 1_230_000,
                ..Usage::default()
            },
            transcript: Some(TranscriptLineage {
                chunks: 3,
                bytes: 77,
                path: "/api/v1/sessions/s1/transcript".into(),
                position: 19,
            }),
            claim: None,
        }
    }

    fn own_line() -> LineShape {
        LineShape {
            project: "zoo".into(),
            path: "src/a.rs".into(),
            line: 3,
            text: "fn feed() {}".into(),
            trunk: "eeee".into(),
            commit: "aaaa".into(),
            author: "Ann".into(),
            summary: "Feed".into(),
            brought: Some("cccc".into()),
            entry: Some(EntryLineage {
                number: 4,
                kind: "feature",
                feature: Some("feat-x".into()),
                queued: 15,
                verified: Some(16),
                exit: Some(0),
                advanced: 18,
            }),
            claim: Some(own_claim()),
            session: Some(own_session()),
        }
    }

    #[test]
    fn every_link_of_a_line_has_its_position() {
        let told = line(&own_line());
        let expected = [
            "zoo src/a.rs:3 at eeee",
            "  fn feed() {}",
            "commit aaaa of Ann: Feed",
            "entry 4 (feature of feat-x) brought it as cccc: queued (15), verified with exit code \
             0 (16), published (18)",
            "feature feat-x “Feed the lions”, claim 2 of slot 1  (10)",
            "  handed in as bbbb  (12)",
            "  session s2 said pass, findings: 0  (14)",
            "  merged: cccc  (20)",
            "session s1, coder in slot 1 of zoo, claude with opus  (11)",
            "  prompt dddd",
            "  ended: timed out  (13)",
            "  opus-4, sonnet-4: 3 requests, 1.23 USD",
            "  transcript /api/v1/sessions/s1/transcript: chunks 1 to 3, 77 bytes  (19)",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_not_known_has_no_line() {
        let mut other = LineShape {
            entry: None,
            claim: None,
            session: None,
            ..own_line()
        };
        let told = line(&other);
        assert_eq!(told.len(), 4);
        assert_eq!(told[3], "no event names it: somebody else brought it");

        other.entry = Some(EntryLineage {
            number: 1,
            kind: "scaffold",
            feature: None,
            queued: 2,
            verified: Some(4),
            exit: None,
            advanced: 5,
        });
        assert_eq!(
            line(&other)[3],
            "entry 1 (scaffold) brought it as cccc: queued (2), let through without a command (4), \
             published (5)"
        );

        let bare = SessionLineage {
            agent: None,
            model: None,
            models: vec![],
            ended: None,
            outcome: None,
            usage: Usage::default(),
            transcript: None,
            ..own_session()
        };
        let expected = ["session s1, coder in slot 1 of zoo  (11)", "  prompt dddd"];
        assert_eq!(sessions(&[bare]), expected);
    }

    #[test]
    fn sessions_are_told_with_what_became_of_their_claims() {
        let with = |fate, merged: Option<&str>| SessionLineage {
            claim: Some(ClaimLineage {
                title: None,
                sha: None,
                submitted: None,
                verdicts: vec![],
                fate,
                merged: merged.map(str::to_owned),
                ..own_claim()
            }),
            ..own_session()
        };
        let told = sessions(&[with("handed_in", None), with("undone", Some("cccc"))]);
        assert_eq!(told.len(), 2 * 7);
        assert_eq!(told[5], "feature feat-x, claim 2 of slot 1  (10)");
        assert_eq!(
            (told[6].as_str(), told[13].as_str()),
            ("  handed in  (20)", "  undone: cccc  (20)")
        );
        assert_eq!(sessions(&[]), ["no session is known of it"]);
    }
}
