//! Models: the gateway with a scripted provider behind it, and the real CLIs of three vendors in
//! hardened containers without network.

pub(crate) mod endpoint;
mod gateway;
mod trouble;
pub(crate) mod vendors;
