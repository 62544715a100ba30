//! How many more containers the host can take: what is promised to them all has to fit into its
//! memory, and what is free now has to hold the next one. Fifty slots cannot exhaust a machine
//! that way, whatever their agents do.

/// The host's memory, in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostMemory {
    /// All of it.
    pub total: u64,
    /// What could be had now without swapping.
    pub available: u64,
}

/// What containers are promised already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Promised {
    /// Containers.
    pub containers: u64,
    /// Their limits together, in MiB.
    pub mib: u64,
}

impl Promised {
    /// Promises memory to one more.
    pub fn one(&mut self, mib: u64) {
        self.containers += 1;
        self.mib = self.mib.saturating_add(mib);
    }
}

/// MiB that stay for the host itself: a tenth, and no less than this.
const RESERVE_MIN: u64 = 1024;

/// How many more containers with this limit may start. Where none is at work one may always: else a
/// small machine would do nothing.
pub fn room(host: HostMemory, promised: Promised, limit: u64) -> usize {
    let reserve = (host.total / 10).max(RESERVE_MIN);
    let limit = limit.max(1);
    let by_promise = host
        .total
        .saturating_sub(reserve)
        .saturating_sub(promised.mib)
        / limit;
    let by_free = host.available.saturating_sub(reserve) / limit;
    let least = u64::from(promised.containers == 0);
    usize::try_from(by_promise.min(by_free).max(least)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_promised_and_what_is_free_both_count() {
        let promised = |containers, mib| Promised { containers, mib };
        let host = |total, available| HostMemory { total, available };

        let table = [
            (host(24_000, 22_000), promised(0, 0), 4096, 4),
            (host(24_000, 22_000), promised(5, 20_480), 4096, 0),
            (host(24_000, 22_000), promised(4, 16_384), 4096, 1),
            (host(24_000, 5_000), promised(1, 4096), 4096, 0),
            (host(24_000, 22_000), promised(10, 2_560), 256, 74),
            (host(2_000, 1_500), promised(0, 0), 4096, 1),
            (host(2_000, 1_500), promised(1, 4096), 4096, 0),
            (host(0, 0), promised(0, 0), 0, 1),
        ];
        for (host, promised, limit, expected) in table {
            assert_eq!(
                room(host, promised, limit),
                expected,
                "{host:?} {promised:?} {limit}"
            );
        }
    }

    #[test]
    fn every_promise_is_counted() {
        let mut promised = Promised::default();
        promised.one(512);
        promised.one(256);
        let sum = Promised {
            containers: 2,
            mib: 768,
        };
        assert_eq!(promised, sum);
    }
}
