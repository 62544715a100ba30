//! Models: the gateway with a scripted provider behind it, and the real CLIs of three vendors in hardened containers without network.

mod endpoint;
mod gateway;
mod trouble;
mod vendors;
