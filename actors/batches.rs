//! The batch that was read last: each of its features is created by itself, and reading all of it
//! for each would make three thousand features nine million.

use std::sync::Arc;

use events::backlog::Batch;
use events::id::Digest;
use tokio::sync::Mutex;

use crate::ports::PortError;
use crate::ports::blobs::Blobs;

/// One batch at most, by its content. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Batches(Arc<Mutex<Last>>);

/// The batch that was read last, if one was.
type Last = Option<(Digest, Arc<Batch>)>;

impl Batches {
    /// The batch with this content. Those who ask at once wait for one reading.
    ///
    /// # Errors
    /// The store has not that content, or it is no batch.
    pub(crate) async fn read(
        &self,
        blobs: &dyn Blobs,
        digest: Digest,
    ) -> Result<Arc<Batch>, PortError> {
        let mut last = self.0.lock().await;
        if let Some((of, batch)) = &*last
            && *of == digest
        {
            return Ok(batch.clone());
        }

        let bytes = blobs.get(digest).await?;
        let batch = serde_json::from_slice(&bytes)
            .map_err(|e| PortError::Permanent(format!("batch {digest}: {e}")))?;
        let batch: Arc<Batch> = Arc::new(batch);
        *last = Some((digest, batch.clone()));

        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;

    use super::*;

    /// A store that counts how often it is asked.
    struct Counted(Vec<(Digest, Vec<u8>)>, AtomicU32);

    #[async_trait]
    impl Blobs for Counted {
        async fn put(&self, content: Vec<u8>) -> Result<Digest, PortError> {
            Ok(Digest::of(&content))
        }

        async fn get(&self, digest: Digest) -> Result<Vec<u8>, PortError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            let found = self.0.iter().find(|(of, _)| *of == digest);
            let (_, content) = found.ok_or_else(|| PortError::Permanent("nothing".to_owned()))?;
            Ok(content.clone())
        }
    }

    #[tokio::test]
    async fn of_one_batch_after_another_each_is_read_once() {
        let batch = |prefix: &str| {
            let text = format!(r#"{{"prefix":"{prefix}","items":[]}}"#);
            (Digest::of(text.as_bytes()), text.into_bytes())
        };
        let (first, second) = (batch("a"), batch("b"));
        let digests = [first.0, second.0];
        let no_batch = (Digest::of(b"no batch"), b"no batch".to_vec());
        let store = Counted(vec![first, second, no_batch.clone()], AtomicU32::new(0));
        let batches = Batches::default();

        for (digest, prefix) in digests.into_iter().zip(["a", "b"]) {
            for _ in 0..3 {
                let read = batches.read(&store, digest).await.expect("read");
                assert_eq!(read.prefix, prefix);
            }
        }
        assert_eq!(store.1.load(Ordering::Relaxed), 2);

        for digest in [no_batch.0, Digest::of(b"unknown")] {
            let refused = batches.read(&store, digest).await;
            assert!(refused.is_err(), "{digest}");
        }
    }
}
