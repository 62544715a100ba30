//! Words that sentences share: a number of things, a commit, a role.

use crate::holder::Role;
use crate::id::Sha;

/// Digits of a commit that tell it apart, as git shows it in long repositories.
const SHORT: usize = 12;

/// So many things of this name, in the singular or the plural.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    }
}

/// A commit as people read it.
pub(crate) fn short(sha: &Sha) -> &str {
    &sha.as_str()[..SHORT]
}

/// A role, as people speak of whoever has it.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Initializer => "an initializer",
        Role::Coder => "a coder",
        Role::Reviewer => "a reviewer",
        Role::Overseer => "an overseer",
        Role::Verifier => "a verifier",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::sha;

    #[test]
    fn one_thing_is_no_number_of_things() {
        for (count, said) in [(0, "0 slots"), (1, "1 slot"), (2, "2 slots")] {
            assert_eq!(counted(count, "slot"), said);
        }
        assert_eq!(short(&sha('a')), "aaaaaaaaaaaa");
    }
}
