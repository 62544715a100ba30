//! Random merges whose right result is known: nothing is merged into another file. `benches/merges`
//! has the long version.

#[path = "../../benches/merges/random.rs"]
mod random;

/// Files of the same content that move: libgit2 puts edits into other files, a candidate never
/// does.
#[test]
fn an_edit_never_lands_in_another_file() {
    let compared = supercargo::app::on_system(random::compare(300, 7)).expect("compared");
    assert!(compared.libgit2.wrong > 0, "{compared:?}");
    assert_eq!(compared.ours.wrong, 0, "{compared:?}");
    // What names do not tell is given back to a person, and that is not much.
    assert!(
        compared.ours.right * 5 >= compared.git.right * 4,
        "{compared:?}"
    );
}
