//! Logs of stories that do something of their own with what is appended, and read like the log
//! below them.

/// Makes an event log of a type with a field `inner`, the log below, and a method `appended`, which
/// says what becomes of an append.
macro_rules! reads_below {
    ($log:ty) => {
        #[async_trait::async_trait]
        impl events::log::EventLog for $log {
            fn id(&self) -> String {
                self.inner.id()
            }

            async fn append(
                &self,
                append: events::log::Append,
            ) -> Result<events::log::Receipt, events::log::AppendError> {
                self.appended(append).await
            }

            async fn ready(&self) -> Result<(), events::log::AppendError> {
                self.inner.ready().await
            }

            async fn read_stream(
                &self,
                stream: &events::stream::StreamId,
                after: events::stream::Version,
                limit: usize,
            ) -> Result<Vec<events::envelope::Envelope>, events::log::ReadError> {
                self.inner.read_stream(stream, after, limit).await
            }

            async fn read_all(
                &self,
                after: events::stream::Position,
                limit: usize,
            ) -> Result<Vec<events::envelope::Envelope>, events::log::ReadError> {
                self.inner.read_all(after, limit).await
            }

            async fn head(&self) -> Result<events::log::Head, events::log::ReadError> {
                self.inner.head().await
            }

            async fn remembered(
                &self,
                command: events::id::CommandId,
            ) -> Result<Option<events::log::Remembered>, events::log::ReadError> {
                self.inner.remembered(command).await
            }
        }
    };
}

pub(crate) use reads_below;
