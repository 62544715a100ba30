//! A tunnel: bytes both ways until one side ends, the budget is spent or the door is closed. On the
//! port of https it has to begin with a TLS hello that names the host that was allowed.

use std::sync::Arc;
use std::time::Duration;

use events::egress::Target;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::hello::{HELLO_MAX, Hello, read};
use super::{Count, Proxy};

/// The port of https.
const HTTPS: u16 = 443;
/// Bytes moved at once.
const CHUNK: usize = 64 * 1024;
/// A hello has to be there within this time.
const HELLO_WITHIN: Duration = Duration::from_secs(30);

/// A tunnel that may begin.
pub(super) struct Tunnel {
    pub(super) target: Target,
    pub(super) stream: TcpStream,
    pub(super) count: Arc<Count>,
    pub(super) proxy: Proxy,
}

impl Tunnel {
    /// Waits for the client to take up the tunnel, and moves bytes until it ends.
    pub(super) async fn run(self, request: Request<Incoming>) {
        let mut open = self.proxy.open.clone();
        let target = self.target.to_string();
        let moved = async {
            let inside = hyper::upgrade::on(request)
                .await
                .map_err(std::io::Error::other)?;
            self.relay(TokioIo::new(inside)).await
        };
        tokio::select! {
            ended = moved => if let Err(error) = ended { tracing::debug!(target, %error, "a tunnel was cut"); },
            _ = open.changed() => {}
        }
    }

    async fn relay(self, mut inside: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        let Self {
            target,
            mut stream,
            count,
            proxy,
        } = self;

        if target.port == HTTPS && !target.is_address() {
            let first = tokio::time::timeout(HELLO_WITHIN, hello(&mut inside, &target))
                .await
                .map_err(std::io::Error::other)?;
            match first? {
                Ok(first) => {
                    count.take(first.len() as u64);
                    stream.write_all(&first).await?;
                }
                Err(why) => {
                    proxy
                        .sessions
                        .turned_down(&proxy.session, &format!("{target} ({why})"));
                    return Ok(());
                }
            }
        }

        let (mut inside_read, mut inside_write) = tokio::io::split(inside);
        let (mut outside_read, mut outside_write) = stream.split();

        tokio::try_join!(
            copied(&mut inside_read, &mut outside_write, &count),
            copied(&mut outside_read, &mut inside_write, &count)
        )?;
        Ok(())
    }
}

/// The first bytes of the client, when they name the host that was allowed; else why not.
async fn hello(
    inside: &mut (impl AsyncRead + Unpin),
    target: &Target,
) -> std::io::Result<Result<Vec<u8>, String>> {
    let mut first = Vec::new();
    let mut buffer = vec![0; CHUNK];

    loop {
        let n = inside.read(&mut buffer).await?;
        first.extend_from_slice(&buffer[..n]);
        match read(&first) {
            Hello::Names(Some(name)) if name == target.host => return Ok(Ok(first)),
            Hello::Names(name) => {
                return Ok(Err(format!(
                    "its TLS names {}",
                    name.unwrap_or_else(|| "nobody".to_owned())
                )));
            }
            Hello::Foreign => return Ok(Err("what comes is no TLS".to_owned())),
            Hello::Unfinished if n == 0 || first.len() > HELLO_MAX => {
                return Ok(Err("its TLS hello has no end".to_owned()));
            }
            Hello::Unfinished => {}
        }
    }
}

/// Copies until the reader ends, and says so to the writer.
async fn copied(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    count: &Count,
) -> std::io::Result<()> {
    let mut buffer = vec![0; CHUNK];

    loop {
        let n = from.read(&mut buffer).await?;
        if n == 0 {
            return to.shutdown().await;
        }
        if !count.take(n as u64) {
            return Err(std::io::Error::other(
                "the session's egress budget is spent",
            ));
        }
        to.write_all(&buffer[..n]).await?;
    }
}
