//! Bodies of requests at the doors: nobody's is read before it is known where it goes and what it
//! may have, and all of them together have their room in memory. Whoever finds no room waits; what
//! stops coming is given up.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use actors::sessions::wire::Problem;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::serve::problem;
use crate::gateway::REQUEST_MAX;

/// Bytes in one unit of room.
const UNIT: usize = 1024;
/// Room of one session: the largest question to a model, and something beside it.
const SESSION_ROOM: usize = REQUEST_MAX + 16 * 1024 * 1024;
/// Room of all sessions together.
const ALL_ROOM: usize = 512 * 1024 * 1024;
/// Requests to the gate that one session may have at once: each is a process of ours and a file.
const GATE_MAX: usize = 4;
/// A body waits so long for room.
const ROOM_WITHIN: Duration = Duration::from_secs(60);
/// Bytes of a refused body that are let pass.
const HEARD_OUT_MAX: usize = 256 * 1024 * 1024;
/// A refused body is let pass for so long.
const HEARD_OUT_WITHIN: Duration = Duration::from_secs(10);
/// A body that says nothing for so long is given up.
const SILENT_MAX: Duration = Duration::from_secs(30);

/// Room that all doors share.
#[derive(Clone)]
pub(super) struct House(Arc<Semaphore>);

impl Default for House {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_ROOM / UNIT)))
    }
}

/// Room of one session, within that of all.
#[derive(Clone)]
pub(super) struct Room {
    own: Arc<Semaphore>,
    all: House,
    gate: Arc<Semaphore>,
}

/// A body that was taken; its room is free when it is dropped.
pub(super) struct Taken {
    bytes: Bytes,
    _room: [OwnedSemaphorePermit; 2],
}

impl Deref for Taken {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}

fn too_large(max: usize) -> Problem {
    let detail = format!("the body is too large: at most {max} bytes are taken here");
    problem("too_large", &detail)
}

fn no_room() -> Problem {
    problem(
        "later",
        "too much is being sent at once: wait for the answers, then send this again",
    )
}

impl Room {
    /// Room for one session of this house.
    pub(super) fn of(house: &House) -> Self {
        Self {
            own: Arc::new(Semaphore::new(SESSION_ROOM / UNIT)),
            all: house.clone(),
            gate: Arc::new(Semaphore::new(GATE_MAX)),
        }
    }

    /// A turn at the gate.
    pub(super) async fn gate(&self) -> Result<OwnedSemaphorePermit, Problem> {
        waited(&self.gate, 1).await
    }

    /// Room for a body of this length, or of as much as it may have when it does not say. All of it
    /// at once: two that each hold half of what they need would wait for each other.
    async fn take(&self, length: usize) -> Result<[OwnedSemaphorePermit; 2], Problem> {
        let units = u32::try_from(length.div_ceil(UNIT)).unwrap_or(u32::MAX);
        Ok([
            waited(&self.own, units).await?,
            waited(&self.all.0, units).await?,
        ])
    }

    /// Room for a body that somebody else reads.
    pub(super) async fn speech(
        &self,
        request: &Request<Incoming>,
        max: usize,
    ) -> Result<[OwnedSemaphorePermit; 2], Problem> {
        self.take(length(request.body(), max)?).await
    }

    /// Reads a body of at most so many bytes.
    pub(super) async fn read(
        &self,
        request: Request<Incoming>,
        max: usize,
    ) -> Result<Taken, Problem> {
        let mut body = request.into_body();
        let length = match length(&body, max) {
            Ok(length) => length,
            Err(refused) => {
                hear_out(body);
                return Err(refused);
            }
        };
        let room = self.take(length).await?;
        let mut bytes = BytesMut::new();

        while let Some(chunk) = next(&mut body).await? {
            if bytes.len() + chunk.len() > max {
                hear_out(body);
                return Err(too_large(max));
            }
            bytes.extend_from_slice(&chunk);
        }

        Ok(Taken {
            bytes: bytes.freeze(),
            _room: room,
        })
    }
}

/// How long a body says it is, or may be when it does not say.
fn length(body: &Incoming, max: usize) -> Result<usize, Problem> {
    match body.size_hint().exact().map(usize::try_from) {
        Some(Ok(length)) if length <= max => Ok(length),
        Some(_) => Err(too_large(max)),
        None => Ok(max),
    }
}

/// Lets what still comes of a refused body pass, beside the answer: whoever is cut off while it
/// sends finds a broken connection instead of the reason.
fn hear_out(mut body: Incoming) {
    let rest = async move {
        let mut heard = 0;
        while let Ok(Some(chunk)) = next(&mut body).await {
            heard += chunk.len();
            if heard > HEARD_OUT_MAX {
                break;
            }
        }
    };
    tokio::spawn(tokio::time::timeout(HEARD_OUT_WITHIN, rest));
}

async fn waited(of: &Arc<Semaphore>, units: u32) -> Result<OwnedSemaphorePermit, Problem> {
    let permit = tokio::time::timeout(ROOM_WITHIN, of.clone().acquire_many_owned(units)).await;
    match permit {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(no_room()),
    }
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = tokio::time::timeout(SILENT_MAX, body.frame()).await;
        let Ok(frame) = frame else {
            let seconds = SILENT_MAX.as_secs();
            let detail = format!("nothing of the body came for {seconds} s: send it again");
            return Err(problem("timed_out", &detail));
        };
        let Some(frame) = frame else {
            return Ok(None);
        };

        let frame = frame.map_err(|e| problem("invalid", &format!("the body was cut: {e}")))?;
        // Trailers say nothing here.
        if let Ok(chunk) = frame.into_data() {
            return Ok(Some(chunk));
        }
    }
}
