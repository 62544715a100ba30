//! What the first bytes of a tunnel say: a TLS hello names the host it wants. It has to be the one
//! that was allowed, or the tunnel would lead past the rule to whatever else the same address
//! serves.

use rustls::server::Acceptor;

/// Most bytes of a hello.
pub(super) const HELLO_MAX: usize = 64 * 1024;

/// What is known of a hello so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hello {
    /// More bytes are needed.
    Unfinished,
    /// It names this host, or none.
    Names(Option<String>),
    /// This is no TLS.
    Foreign,
}

/// Reads the first bytes of a tunnel.
pub(super) fn read(bytes: &[u8]) -> Hello {
    let mut acceptor = Acceptor::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        if acceptor.read_tls(&mut rest).is_err() {
            return Hello::Foreign;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                return Hello::Names(
                    accepted
                        .client_hello()
                        .server_name()
                        .map(str::to_ascii_lowercase),
                );
            }
            Ok(None) => {}
            Err(_) => return Hello::Foreign,
        }
    }

    Hello::Unfinished
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(host: &str) -> Vec<u8> {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions");
        let config = config
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let name = host.to_owned().try_into().expect("a name");
        let mut client =
            rustls::ClientConnection::new(std::sync::Arc::new(config), name).expect("a client");
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("written");

        bytes
    }

    #[test]
    fn a_hello_names_its_host_wherever_it_is_cut() {
        let bytes = hello("Example.org");
        assert_eq!(read(&bytes), Hello::Names(Some("example.org".into())));
        for end in [1, 5, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(read(&bytes[..end]), Hello::Unfinished, "{end}");
        }
        assert_eq!(
            read(&hello("127.0.0.1")),
            Hello::Names(None),
            "an address is not named"
        );
        assert_eq!(read(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"), Hello::Foreign);
        assert_eq!(read(b"SSH-2.0-x\r\n"), Hello::Foreign);
    }
}
