//! One path for every command: the operator's HTTP of the data folder. When no server runs there,
//! this process opens the folder for the one request, and says that nothing is at work. A server
//! that does not answer is told apart from one that is at it for long.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio_tungstenite::WebSocketStream;

use super::DataArgs;
use crate::app::{App, Ownership};
use crate::data::DataFolder;
use crate::engine::pidfd::Held;
use crate::http;
use crate::terminal::complain;
use crate::wire::{CallError, call_socket, call_text, open_socket};

/// An answer that takes longer is asked after.
const PATIENCE: Duration = Duration::from_secs(3);
/// A server that cannot say that it is there for this long hangs.
const ALIVE_WITHIN: Duration = Duration::from_secs(7);
/// A server that cut an answer and has not ended for this long is not ending.
const ENDED_WITHIN: Duration = Duration::from_secs(5);
/// No answer takes longer: every wait of the server ends before.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);

/// An answer, and whether a server gave it.
pub(super) struct Answered<T> {
    /// It.
    pub(super) answer: T,
    /// Whether a server runs, so that what was recorded is carried out.
    pub(super) by_a_server: bool,
}

/// Asks the server of this data folder, or the folder itself.
pub(super) async fn ask<B: Serialize, T: DeserializeOwned>(
    data: &DataArgs,
    method: &str,
    path: &str,
    body: &B,
) -> anyhow::Result<T> {
    Ok(ask_whom(data, method, path, body).await?.answer)
}

/// The same, and who answered.
pub(super) async fn ask_whom<B: Serialize, T: DeserializeOwned>(
    data: &DataArgs,
    method: &str,
    path: &str,
    body: &B,
) -> anyhow::Result<Answered<T>> {
    let folder = data.folder()?;
    let socket = folder.operator_socket();
    let asked = call_socket(&socket, method, path, body);
    if let Some(answer) = of_a_server(&folder, asked).await? {
        return Ok(Answered {
            answer,
            by_a_server: true,
        });
    }

    let alone = Alone::open(folder).await?;
    let answer = call_socket(&socket, method, path, body).await;
    alone.close().await;
    Ok(Answered {
        answer: answer.map_err(|error| anyhow!(error))?,
        by_a_server: false,
    })
}

/// A text that the server of this data folder has, or the folder itself.
pub(super) async fn ask_text(data: &DataArgs, path: &str) -> anyhow::Result<Bytes> {
    let folder = data.folder()?;
    let socket = folder.operator_socket();
    if let Some(text) = of_a_server(&folder, call_text(&socket, path)).await? {
        return Ok(text);
    }

    let alone = Alone::open(folder).await?;
    let text = call_text(&socket, path).await;
    alone.close().await;
    text.map_err(|error| anyhow!(error))
}

/// Asks the server and nobody else.
pub(super) async fn ask_server<T: DeserializeOwned>(
    data: &DataArgs,
    path: &str,
) -> anyhow::Result<T> {
    let folder = data.folder()?;
    let socket = folder.operator_socket();
    let answer = of_a_server(&folder, call_socket(&socket, "GET", path, &())).await?;
    answer.ok_or_else(|| no_server(&folder))
}

/// Who answers several requests: the server of a data folder, or this process, which then has the
/// folder to itself for as long, so that what it keeps in memory stands from one to the next.
pub(super) struct Backend {
    folder: DataFolder,
    alone: Option<Alone>,
}

impl Backend {
    /// The server, or the folder itself.
    pub(super) async fn open(data: &DataArgs) -> anyhow::Result<Self> {
        let folder = data.folder()?;
        let alone = match takes_connections(&folder.operator_socket()).await {
            true => None,
            false => Some(Alone::open(data.folder()?).await?),
        };
        Ok(Self { folder, alone })
    }

    /// The server and nobody else.
    pub(super) async fn of_a_server(data: &DataArgs) -> anyhow::Result<Self> {
        let folder = data.folder()?;
        if !takes_connections(&folder.operator_socket()).await {
            return Err(no_server(&folder));
        }
        let alone = None;
        Ok(Self { folder, alone })
    }

    /// Asks it.
    pub(super) async fn ask<B: Serialize, T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &B,
    ) -> anyhow::Result<T> {
        let socket = self.folder.operator_socket();
        let asked = call_socket(&socket, method, path, body);
        let answer = of_a_server(&self.folder, asked).await?;
        answer.ok_or_else(|| no_server(&self.folder))
    }

    /// A connection that stands until either side ends it.
    pub(super) async fn connect(&self, path: &str) -> anyhow::Result<WebSocketStream<UnixStream>> {
        let socket = self.folder.operator_socket();
        let opened = of_a_server(&self.folder, open_socket(&socket, path)).await?;
        opened.ok_or_else(|| no_server(&self.folder))
    }

    /// Leaves the folder to others.
    pub(super) async fn close(self) {
        if let Some(alone) = self.alone {
            alone.close().await;
        }
    }
}

fn no_server(folder: &DataFolder) -> anyhow::Error {
    let dir = folder.path().display();
    anyhow!(
        "no server runs on {dir}, nothing more comes; `supercargo serve --data {dir}` starts one"
    )
}

fn ended(folder: &DataFolder) -> anyhow::Error {
    let dir = folder.path().display();
    anyhow!(
        "the server on {dir} ended before it answered, and no server runs now: what it had \
         recorded stands and goes on when `supercargo serve --data {dir}` runs again; look then, \
         and ask again for what is not there"
    )
}

/// A data folder that this process has to itself.
struct Alone {
    app: App,
    server: actix_web::dev::ServerHandle,
}

impl Alone {
    async fn open(folder: DataFolder) -> anyhow::Result<Self> {
        let (dir, socket) = (folder.path().to_owned(), folder.operator_socket());
        let app = App::open(folder, Ownership::Respect).await;
        let app = app.with_context(|| {
            let dir = dir.display();
            format!("no server answers on {dir}, and it cannot be opened without one")
        })?;
        say_that_nobody_serves(&app, &dir);
        let server = http::listen(&app.served(None), &socket)?;
        Ok(Self { app, server })
    }

    async fn close(self) {
        self.server.stop(true).await;
        self.app.stop().await;
    }
}

/// Says that no server runs, once: a verb may ask for several things.
fn say_that_nobody_serves(app: &App, dir: &Path) {
    static SAID: Once = Once::new();
    let dir = dir.display();
    if app.data.is_read_only() {
        return;
    }
    let what = match app.at_work() {
        0 => "so nothing is at work".to_owned(),
        left => format!(
            "so nothing new is begun; {left} sessions of it may be at work still, and are adopted \
             or ended by the next one"
        ),
    };

    SAID.call_once(|| {
        complain!(
            "note: no server runs on {dir}, {what}; `supercargo serve --data {dir}` starts one"
        );
    });
}

/// What a server answers, while it gives signs of life; none where no server is. Of one that ended
/// before it answered nobody knows what it recorded, and the folder is left to the next one:
/// whoever went on alone would keep that from starting.
async fn of_a_server<T>(
    folder: &DataFolder,
    call: impl Future<Output = Result<T, CallError>>,
) -> anyhow::Result<Option<T>> {
    let socket = folder.operator_socket();
    if !takes_connections(&socket).await {
        return Ok(None);
    }
    let deadline = tokio::time::sleep(ANSWER_WITHIN);
    tokio::pin!(call, deadline);

    loop {
        let alive = async {
            tokio::time::sleep(PATIENCE).await;
            is_alive(&socket).await
        };
        tokio::select! {
            answered = &mut call => return match answered {
                Ok(answer) => Ok(Some(answer)),
                Err(CallError::Unreachable(_)) if is_gone(folder).await => Err(ended(folder)),
                Err(error) => Err(anyhow!(error)),
            },
            () = &mut deadline => bail!("the server on {} did not finish within \
                                         {ANSWER_WITHIN:?}", folder.path().display()),
            alive = alive => if !alive {
                bail!(
                    "{} does not answer: it is stopped or hangs; let it go on (`kill -CONT`), end \
                     it, or take over with `serve --take-over`",
                    who(folder)
                )
            },
        }
    }
}

/// Whether nobody is there who could have answered. A server that is ending cuts what it was asked
/// while its socket takes connections still; its end is waited for.
async fn is_gone(folder: &DataFolder) -> bool {
    if !takes_connections(&folder.operator_socket()).await {
        return true;
    }

    match process(folder).map(Held::of) {
        Some(Ok(Some(server))) => {
            let ended = tokio::time::timeout(ENDED_WITHIN, server.ended()).await;
            matches!(ended, Ok(Ok(())))
        }
        Some(Ok(None)) => true,
        Some(Err(_)) | None => false,
    }
}

/// The server of a folder, by its process.
fn who(folder: &DataFolder) -> String {
    let dir = folder.path().display();
    match process(folder) {
        Some(pid) => format!("the server on {dir} (process {pid})"),
        None => format!("the server on {dir}"),
    }
}

/// The process that has, or last had, a folder to itself.
fn process(folder: &DataFolder) -> Option<i32> {
    let holder = fs_err::read_to_string(folder.lock()).ok()?;
    holder.trim().parse().ok()
}

/// Whether the server says anything at all, on a connection of its own.
async fn is_alive(socket: &Path) -> bool {
    let asked = call_socket::<_, serde_json::Value>(socket, "GET", "/api/v1/stats", &());
    // Whatever it says, it speaks; where nobody is, the request itself finds out.
    tokio::time::timeout(ALIVE_WITHIN, asked).await.is_ok()
}

async fn takes_connections(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}
