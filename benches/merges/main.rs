//! Engines that merge, compared on random merges whose right result is known: how many each gets
//! right, refuses, or gets wrong without a word.
//!
//! `cargo bench --bench merges [-- COUNT [SEED]]`; 20 000 unless said otherwise.

mod random;

use random::Tally;

fn main() -> anyhow::Result<()> {
    let mut numbers = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .map(|arg| arg.parse::<u64>());
    let count = numbers.next().transpose()?.unwrap_or(20_000);
    let seed = numbers.next().transpose()?.unwrap_or(1);
    let compared = supercargo::app::on_system(random::compare(usize::try_from(count)?, seed))?;
    println!("{count} merges, seed {seed}");
    println!(
        "| engine | right | an edit in another file, or lost | contradiction about an unedited \
         file, merged | nothing to merge, refused | clear, refused |"
    );
    println!("|---|---|---|---|---|---|");
    let row = |name: &str, tally: Tally| {
        let Tally {
            right,
            wrong,
            loose,
            refused,
            needless,
        } = tally;
        println!("| {name} | {right} | {wrong} | {loose} | {refused} | {needless} |");
    };
    row("libgit2", compared.libgit2);
    row("git merge-tree", compared.git);
    row("candidates", compared.ours);

    Ok(())
}
