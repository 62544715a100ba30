//! Pauses after failures of the outside.

/// First pause after a failure of the outside.
pub const BACKOFF_MS_MIN: u64 = 5_000;
/// Longest pause after failures in a row.
pub const BACKOFF_MS_MAX: u64 = 300_000;

/// The pause after `failures` failures in a row: 5 s, doubling, at most 5 min.
pub fn backoff_ms(failures: u32) -> u64 {
    if failures == 0 {
        0
    } else {
        BACKOFF_MS_MIN
            .saturating_mul(1 << (failures - 1).min(20))
            .min(BACKOFF_MS_MAX)
    }
}
