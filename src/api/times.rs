//! Times as they go over the wire.

/// A time as it goes over the wire, RFC 3339.
pub fn time(at: events::id::Timestamp) -> String {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(at) => format!("{at:.6}"),
        Err(_) => at.0.to_string(),
    }
}

/// A time as it is written; none when it is none.
pub fn parsed_time(text: &str) -> Option<events::id::Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(events::id::Timestamp(time.as_microsecond()))
}
