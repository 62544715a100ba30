//! The way out: an HTTP proxy on the agent's voice that reaches what the project's rules allow and
//! nothing else. What is asked for is parsed once (`events::egress`), names are resolved here, and
//! a name that stands for an address of this host or its networks is turned down unless its rule
//! says that it may. Every denial is counted and recorded.

mod hello;
pub(crate) mod presets;
mod proxy;
mod tunnel;

use proxy::Count;
pub(crate) use proxy::{Barred, Proxy};
