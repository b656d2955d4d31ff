//! The sending half of a stream for a thread that blocks, and that a reader who reads no more must not keep for ever.

use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tonic::Status;

/// A stream whose reader takes nothing for so long is ended.
pub const STALLED: Duration = Duration::from_secs(60);

pub struct Patient<T> {
    send: mpsc::Sender<Result<T, Status>>,
    runtime: Handle,
    stalled: Duration,
}

impl<T> Patient<T> {
    /// Made on the runtime, used on a thread that may block.
    pub fn new(send: mpsc::Sender<Result<T, Status>>, stalled: Duration) -> Self {
        Patient { send, runtime: Handle::current(), stalled }
    }

    /// Whether the reader took it, or may still.
    pub fn send(&self, message: Result<T, Status>) -> bool {
        self.runtime.block_on(self.send.send_timeout(message, self.stalled)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_that_reads_no_more_is_given_up() {
        let (send, mut receive) = mpsc::channel(1);
        let patient = Patient::new(send, Duration::from_millis(50));
        let sending = tokio::task::spawn_blocking(move || [1, 2, 3].map(|number| patient.send(Ok(number))));
        let sent = tokio::time::timeout(Duration::from_secs(30), sending).await.expect("it gave up").expect("it ran");
        assert_eq!(sent, [true, false, false]);
        assert!(matches!(receive.recv().await, Some(Ok(1))) && receive.recv().await.is_none());
    }
}
