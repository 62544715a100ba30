//! The API on a real port of loopback, in front of a World.

mod access;
mod bridge;
mod claims;
mod client;
mod errors;
mod inputs;
mod live;
mod log;
mod outside;
mod past;
mod replay;
mod report;
mod strangers;
mod subscriptions;

use client::Client;
use supercargo::http::{Port, Served, listen_port, take_port};

use crate::world::{Server, World};

pub(crate) const TOKEN: &str = "the-token-of-the-tests";

/// A port in front of a server of a world.
pub(crate) fn open_port(world: &World, server: &Server) -> Port {
    let served = Served {
        read_only: false,
        operator: server.operator.clone(),
        gates: world.folder.path().join("gates"),
        signin: None,
    };
    let listener = take_port("127.0.0.1:0".parse().expect("address")).expect("a port");
    listen_port(&served, listener, TOKEN).expect("served")
}

/// A client of it.
fn client(port: &Port) -> Client {
    Client::new(port.address)
}

/// The committed description is what the code says. `OPENAPI=write` writes it.
#[test]
fn the_committed_description_is_the_codes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let document = supercargo::http::openapi::document();
    if std::env::var("OPENAPI").as_deref() == Ok("write") {
        fs_err::write(path, &document).expect("written");
    }
    let committed = fs_err::read_to_string(path).unwrap_or_default();
    assert!(
        committed == document,
        "docs/openapi.json is not what the code says: run the tests once with OPENAPI=write"
    );
}
