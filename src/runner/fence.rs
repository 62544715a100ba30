//! System calls that nothing in a container needs and that lead past its walls: sockets of families
//! that no namespace keeps apart, and parts of the kernel through which containers were left
//! before. Taken from the runner before it starts anything, so that everything below it is without
//! them, whatever the engine's own profile allows.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Socket families that reach beyond a network namespace: the machine below the host, and the
/// kernel itself.
const FAMILIES: [i32; 3] = [libc::AF_VSOCK, libc::AF_ALG, libc::AF_PACKET];

/// Calls that fail as not permitted.
const CALLS: [libc::c_long; 10] = [
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_kexec_load,
];

/// Takes these calls from this process and everything it will start.
///
/// # Errors
/// Where the kernel does not filter calls, or the processor is not known here.
pub(super) fn raise() -> Result<(), String> {
    let program = program().map_err(|e| e.to_string())?;
    seccompiler::apply_filter(&program).map_err(|e| e.to_string())
}

fn program() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.iter().map(|call| (*call, vec![])).collect();
    let of_family = |family: i32| {
        let family = u64::from(family.unsigned_abs());
        let condition =
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)?;
        SeccompRule::new(vec![condition])
    };
    let families: Result<Vec<_>, _> = FAMILIES.into_iter().map(of_family).collect();
    rules.insert(libc::SYS_socket, families?);
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let processor: TargetArch = std::env::consts::ARCH.try_into()?;

    SeccompFilter::new(rules, SeccompAction::Allow, denied, processor)?.try_into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_program_is_one_for_this_processor() {
        assert!(super::program().is_ok_and(|program| !program.is_empty()));
    }
}
