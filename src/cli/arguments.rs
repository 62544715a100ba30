//! Arguments that many commands take: where the data is, and how they print.

use std::path::PathBuf;

use crate::data::DataFolder;

/// Where the data is, for every command that needs it.
#[derive(Debug, Clone, clap::Args)]
pub struct DataArgs {
    /// The data folder; holds everything
    #[arg(
        long,
        env = "SUPERCARGO_DATA",
        default_value = "supercargo-data",
        global = true
    )]
    pub data: PathBuf,
    /// The log in a PostgreSQL database (postgres://USER:PASSWORD@HOST:PORT/DATABASE); a file of
    /// the data folder without it
    #[arg(
        long = "log",
        value_name = "URL",
        env = "SUPERCARGO_LOG",
        hide_env_values = true,
        value_parser = crate::log::place::database
    )]
    pub log: Option<String>,
}

impl DataArgs {
    /// The data folder, made when it is not there: for what begins one.
    pub(crate) fn new_folder(&self) -> anyhow::Result<DataFolder> {
        Ok(DataFolder::make(&self.data)?.with_database(self.log.clone()))
    }

    /// The data folder as it is there.
    pub(crate) fn folder(&self) -> anyhow::Result<DataFolder> {
        Ok(DataFolder::open(&self.data)?.with_database(self.log.clone()))
    }
}

/// How reading verbs print.
#[derive(Debug, Clone, clap::Args)]
pub struct OutputArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
