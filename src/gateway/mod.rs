//! The model gateway: a session asks its model on its door, and the request goes to the provider
//! with the server's key. The answer passes through untouched, as it comes; what it used is read
//! off it and recorded.
//!
//! Only what a model is asked with passes: the rest of a provider's API (files, keys,
//! organisations) is not the agent's.

mod catalogue;
mod glance;
mod meter;
pub mod providers;
mod refusal;
mod requests;

pub use requests::{Gateway, GatewayError, ModelAnswer, ModelRequest, REQUEST_MAX};
use requests::{show_key, told};
