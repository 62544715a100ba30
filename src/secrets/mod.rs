//! What a secret looks like, in a URL or in a text. Pure: what is done about one is for its finder
//! to say.

mod shapes;
mod url;

pub(crate) use shapes::{holds_a_secret, shaped};
pub(crate) use url::split_credentials;
