//! Figures as data: each benchmark records what it measured beside what bounds it in the same run,
//! so that a loss against the committed figures is seen whatever the machine does that day.

use serde::{Deserialize, Serialize};

/// Which way a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Better {
    /// A share of what is possible, such as merges per merge of the command line.
    Higher,
    /// A multiple of the least there can be, such as latency per durable append.
    Lower,
}

/// A measured figure as a ratio to what bounds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// A stable name: the benchmark, then what of it.
    pub(crate) name: String,
    /// The ratio.
    pub(crate) value: f64,
    /// The bound that it is a ratio to.
    pub(crate) of: String,
    /// Which way it is good.
    pub(crate) better: Better,
}
