//! The agent's voice on loopback: ordinary tools speak TCP, the door is a Unix socket. Bytes go to
//! the agent's voice and nowhere else, whoever in the container sends them.

use crate::named;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Bytes moved at once, each way.
const BUFFER: usize = 64 * 1024;

/// Listens on a free port of loopback and answers its URL.
pub(super) async fn start(door: &Path) -> std::io::Result<String> {
    let listener = named::listen_on((Ipv4Addr::LOCALHOST, 0).into())?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let url = format!("http://{}", listener.local_addr()?);
    let socket = door.join("agent");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass(stream, socket.clone()));
        }
    });
    Ok(url)
}

async fn pass(mut inside: TcpStream, socket: PathBuf) {
    // A cut connection is the agent's to notice: its tools repeat what they need.
    if let Ok(mut outside) = UnixStream::connect(socket).await
        && let Err(error) =
            copy_bidirectional_with_sizes(&mut inside, &mut outside, BUFFER, BUFFER).await
    {
        eprintln!("a connection of the agent was cut: {error}");
    }
}
