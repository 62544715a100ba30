//! `supercargo sign-in`: a link for a browser. Whoever may use the socket in the data folder may
//! have one; it is good once, until the server ends.

use anyhow::Context;
use serde::Deserialize;

use super::DataArgs;
use super::client::ask;
use crate::private::{self, Kept};
use crate::terminal::say;

/// What stands behind the server's address.
#[derive(Deserialize)]
struct Link {
    path: String,
}

pub(super) async fn run(data: DataArgs) -> anyhow::Result<()> {
    let link: Link = ask(&data, "POST", "/api/v1/session/link", &()).await?;
    let url = private::read(&data.folder()?.url(), Kept::Unaltered)?;
    let url = url.context("the server of this data folder says no address")?;

    say!("{}{}", url.trim(), link.path)?;
    Ok(())
}
