//! What an engine says of itself, and what is made of it.

use crate::engine::docker::connection::kept_apart;

#[test]
fn engines_that_keep_users_apart_are_told_by_what_they_say() {
    let table: [(&[&str], Option<&str>); 4] = [
        (&["name=seccomp,profile=builtin", "name=cgroupns"], None),
        (
            &["name=seccomp,profile=default", "name=rootless"],
            Some("rootless"),
        ),
        (&["name=userns"], Some("set to remap users (userns-remap)")),
        (&[], None),
    ];

    for (options, expected) in table {
        let options: Vec<_> = options.iter().map(ToString::to_string).collect();
        assert_eq!(kept_apart(&options), expected, "{options:?}");
    }
}
