//! The operator, and what it has at hand: the fleet that it works on, and what it may look at
//! beside the projections.

use std::path::PathBuf;
use std::sync::Arc;

use actors::ports::engine::Engine;
use actors::ports::presets::EgressPresets;
use actors::supervisor::Core;

use super::noise::Noises;
use super::{IssueNames, Past, Readers, Walks};
use crate::token::Token;

/// The operator's verbs. Clones share everything.
#[derive(Clone)]
pub struct Operator {
    /// What it works on.
    pub core: Core,
    /// What it may look at beside the projections.
    pub deps: OperatorDeps,
}

/// What an operator may look at beside the projections.
#[derive(Clone, Default)]
pub struct OperatorDeps {
    /// What runs the containers, once the fleet has begun.
    pub engine: Option<Arc<dyn Engine>>,
    /// The data folder.
    pub data: PathBuf,
    /// Named sets of egress rules, where the server keeps some.
    pub presets: Option<Arc<dyn EgressPresets>>,
    /// What secrets of hooks are made of, where there is a token.
    pub hooks: Option<Token>,
    /// What led to nothing.
    pub noises: Arc<Noises>,
    /// Who reads which subscription.
    pub readers: Arc<Readers>,
    /// Ids that features had where they were imported from.
    pub issues: Arc<IssueNames>,
    /// The past that was looked at.
    pub past: Past,
    /// Turns for walks over the log.
    pub walks: Walks,
}
