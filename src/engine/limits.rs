//! What a container may take, where both engines hold it in the same way.

use events::settings::ContainerLimits;

/// Size of `/tmp`, unless the container's memory is small.
const TMP_MIB: u32 = 512;
/// Its size there.
const TMP_MIB_MIN: u32 = 16;

/// Shared memory, in MiB: browsers in tests need some.
pub const SHARED_MIB: u32 = 128;

/// The size of `/tmp`, in MiB. It lies in memory, as on Docker the work folder does: full ones have
/// to leave some for whoever filled them.
pub fn tmp_mib(limits: &ContainerLimits) -> u32 {
    let left = limits.memory_mib.saturating_sub(limits.work_mib);
    TMP_MIB.min(left / 2).max(TMP_MIB_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_container_has_a_small_tmp() {
        for (memory_mib, work_mib, expected) in [
            (4096, 2048, 512),
            (1024, 512, 256),
            (64, 60, TMP_MIB_MIN),
            (16, 64, TMP_MIB_MIN),
        ] {
            let limits = ContainerLimits {
                memory_mib,
                work_mib,
                ..ContainerLimits::default()
            };
            assert_eq!(tmp_mib(&limits), expected, "{memory_mib} {work_mib}");
        }
    }
}
