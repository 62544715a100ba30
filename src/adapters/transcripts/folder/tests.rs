//! The transcript store: order, secrets, sealing, packing, and torn tails.

use std::io::Write as _;

use super::*;

#[tokio::test]
async fn chunks_are_contiguous_and_repeats_are_answered() {
    let folder = tempfile::tempdir().expect("folder");
    let session = SessionId::from_bytes([7; 10]);
    let store = TranscriptFolder::new(folder.path().to_owned());
    assert_eq!(store.append(&session, 1, b"one ").await, Ok(1));
    assert_eq!(store.append(&session, 2, b"two").await, Ok(2));
    assert_eq!(
        store.append(&session, 1, b"one ").await,
        Ok(2),
        "a repeated chunk is not stored twice"
    );
    assert!(
        store.append(&session, 4, b"four").await.is_err(),
        "X1: no gap"
    );
    assert_eq!(store.read(&session, 0).await, Ok((b"one two".to_vec(), 2)));
    assert_eq!(store.read(&session, 1).await, Ok((b"two".to_vec(), 2)));
    let spoken = Spoken {
        chunks: 2,
        bytes: 7,
        digest: Digest::of(b"one two"),
    };
    assert_eq!(store.spoken(&session).await, Ok(Some(spoken)));
    for _ in 0..2 {
        store.remove(&session).await.expect("removed");
    }

    assert_eq!(store.spoken(&session).await, Ok(None));
    fs_err::write(
        store.path(&session),
        [&2_u64.to_le_bytes()[..], &0_u32.to_le_bytes()].concat(),
    )
    .expect("a hole");
    assert!(
        matches!(store.spoken(&session).await, Err(PortError::Permanent(why)) if why.contains("followed by 2")),
        "X1"
    );
}

#[tokio::test]
async fn a_secret_is_not_kept_wherever_it_is_split() {
    const SECRET: &str = "canary-value-0123456789";

    for cut in 1..SECRET.len() {
        let folder = tempfile::tempdir().expect("folder");
        let session = SessionId::from_bytes([7; 10]);
        let store =
            || TranscriptFolder::new(folder.path().to_owned()).without(|| vec![SECRET.to_owned()]);
        let one = store();
        one.append(&session, 1, format!("before {}", &SECRET[..cut]).as_bytes())
            .await
            .expect("stored");
        // A chunk in between, and a restart, make no difference.
        let (second, third) = (&SECRET[cut..cut + 1], &SECRET[cut + 1..]);
        one.append(&session, 2, second.as_bytes())
            .await
            .expect("stored");
        let two = if cut % 2 == 0 { store() } else { one };
        two.append(&session, 3, format!("{third} after").as_bytes())
            .await
            .expect("stored");
        let (text, last) = two.read(&session, 0).await.expect("read");
        assert_eq!(
            (String::from_utf8_lossy(&text).as_ref(), last),
            (&*format!("before {} after", "*".repeat(SECRET.len())), 3)
        );
        let kept = fs_err::read(two.path(&session)).expect("file");
        assert!(
            !kept
                .windows(8)
                .any(|part| SECRET.as_bytes().windows(8).any(|s| s == part)),
            "cut at {cut}"
        );
    }
}

#[tokio::test]
async fn a_packed_transcript_is_read_and_removed_like_any_other() {
    let folder = tempfile::tempdir().expect("folder");
    let session = SessionId::from_bytes([7; 10]);
    let store = TranscriptFolder::new(folder.path().to_owned());
    let text = "the same line again and again\n".repeat(1000);

    store
        .append(&session, 1, text.as_bytes())
        .await
        .expect("stored");
    let before = store.seal(&session).await.expect("sealed");
    assert!(before.is_some());
    let late = store.append(&session, 2, b"too late").await;
    assert!(matches!(late, Err(PortError::Permanent(_))), "{late:?}");
    for _ in 0..2 {
        store.pack(&session).await.expect("packed");
    }

    assert!(!store.path(&session).exists());
    assert!(
        fs_err::metadata(packed::path(&store.path(&session)))
            .expect("packed")
            .len()
            < 1000
    );
    assert_eq!(store.spoken(&session).await.expect("spoken"), before);
    assert_eq!(
        store.read(&session, 0).await.expect("read").0,
        text.as_bytes()
    );
    store.remove(&session).await.expect("removed");
    assert_eq!(fs_err::read_dir(folder.path()).expect("folder").count(), 0);
}

#[tokio::test]
async fn the_number_of_open_files_is_bounded_and_a_closed_one_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    let store = TranscriptFolder::new(folder.path().to_owned());
    let sessions: Vec<SessionId> = (0..100).map(|n| SessionId::from_bytes([n; 10])).collect();
    for seq in 1..=2 {
        for session in &sessions {
            assert_eq!(store.append(session, seq, b"x").await, Ok(seq));
        }
    }
    assert_eq!(store.open.lock().expect("files").by_session.len(), OPEN_MAX);
    for session in &sessions {
        assert_eq!(store.read(session, 0).await, Ok((b"xx".to_vec(), 2)));
    }
}

#[tokio::test]
async fn a_torn_tail_is_cut_and_sent_again() {
    let folder = tempfile::tempdir().expect("folder");
    let session = SessionId::from_bytes([7; 10]);

    TranscriptFolder::new(folder.path().to_owned())
        .append(&session, 1, b"one")
        .await
        .expect("stored");
    let path = TranscriptFolder::new(folder.path().to_owned()).path(&session);
    let mut file = OpenOptions::new().append(true).open(&path).expect("file");
    file.write_all(&[2, 0, 0, 0, 0, 0, 0, 0, 9, 0])
        .expect("torn");
    let store = TranscriptFolder::new(folder.path().to_owned());
    assert_eq!(store.append(&session, 2, b"two").await, Ok(2));
    assert_eq!(store.read(&session, 0).await, Ok((b"onetwo".to_vec(), 2)));
}
