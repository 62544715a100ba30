//! Backups of a fleet at work: each can be restored, verified and audited, whatever was under way
//! when it was made.
//!
//! `BACKUPS` says how many (three without it; the campaign makes fifty).

use crate::newcomer::{AGENT, Newcomer};

/// Features that are added before each backup, so that the fleet never runs out of work.
const MORE: usize = 3;
/// Backups of a run that names no number.
const USUAL: usize = 3;

#[test]
fn every_backup_of_a_busy_fleet_can_be_restored() {
    let wanted = std::env::var("BACKUPS").map_or(USUAL, |n| n.parse().expect("a number"));
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let mut set = vec!["project", "set", "zoo", "--target", "4"];
    set.extend(["--agent-command", AGENT, "--verify", "true"]);
    me.ok(&set);
    more_work(&me, 0);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.claimed");

    let mut restored = 0;
    for n in 1..=wanted {
        more_work(&me, n);
        let events = checked(&me, n);
        assert!(
            events > restored,
            "backup {n} holds {events} events, the one before {restored}: the fleet was not busy"
        );
        restored = events;
    }
    println!("backups: {wanted} restored, verified, audited; the last holds {restored} events");
    server.stop();
}

fn more_work(me: &Newcomer, round: usize) {
    for n in 0..MORE {
        let title = format!("Animal {round}-{n}");
        me.ok(&["feature", "add", "zoo", &title]);
    }
}

/// Makes a backup and a data folder of it, which is verified and audited; answers how many events
/// it has.
fn checked(me: &Newcomer, n: usize) -> u64 {
    let to = me.folder.path().join(format!("backup-{n}"));
    let to = to.to_str().expect("a path of letters");
    me.ok(&["log", "backup", to]);

    let data = me.folder.path().join(format!("restored-{n}"));
    let run = |args: &[&str]| {
        let output = crate::binary::supercargo(args, &data)
            .output()
            .expect("ran");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "backup {n}, {args:?}: {said}{complaints}"
        );
        said
    };
    let said = run(&["log", "restore", to]);
    run(&["log", "verify"]);
    run(&["log", "audit"]);

    let events = said.split_whitespace().find_map(|word| word.parse().ok());
    let events = events.unwrap_or_else(|| panic!("no number of events: {said}"));
    fs_err::remove_dir_all(to).expect("removed");
    fs_err::remove_dir_all(data).expect("removed");
    events
}
