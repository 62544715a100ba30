//! One path for every command: the operator's HTTP of the data folder. When no server runs there, this process opens the folder for
//! the one request; nothing is owed or started meanwhile.

use anyhow::{Context, anyhow};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DataArgs;
use crate::app::{App, Ownership};
use crate::http;
use crate::wire::{CallError, call_socket};

/// Asks the server of this data folder, or the folder itself.
pub(super) async fn ask<B: Serialize, T: DeserializeOwned>(
    data: &DataArgs,
    method: &str,
    path: &str,
    body: &B,
) -> anyhow::Result<T> {
    let folder = data.folder()?;
    let socket = folder.operator_socket();
    match call_socket(&socket, method, path, body).await {
        Ok(answer) => return Ok(answer),
        Err(CallError::Unreachable(_)) if !server_answers(&socket).await => {}
        Err(error) => return Err(anyhow!(error)),
    }
    let app = App::open(folder, Ownership::Respect)
        .await
        .context("no server answers on this data folder, and it cannot be opened without one")?;
    let server = http::listen(&app.served(None), &socket)?;
    let answer = call_socket(&socket, method, path, body).await;
    server.stop(true).await;
    app.stop().await;
    answer.map_err(|error| anyhow!(error))
}

/// As [`ask`], where nothing is an answer too.
pub(super) async fn ask_maybe<B: Serialize, T: DeserializeOwned>(
    data: &DataArgs,
    method: &str,
    path: &str,
    body: &B,
) -> anyhow::Result<Option<T>> {
    ask(data, method, path, body).await
}

async fn server_answers(socket: &std::path::Path) -> bool {
    tokio::net::UnixStream::connect(socket).await.is_ok()
}
