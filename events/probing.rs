//! Probing: when something that is in trouble is tried again by itself.

/// Pauses before the first probe and those after it, in milliseconds; the last one for all that
/// follow.
const PAUSES_MS: [u64; 5] = [60_000, 120_000, 240_000, 480_000, 900_000];

/// The pause before the next probe, after so many that found the trouble again.
pub fn pause_ms(probes: usize) -> u64 {
    PAUSES_MS[probes.min(PAUSES_MS.len() - 1)]
}
