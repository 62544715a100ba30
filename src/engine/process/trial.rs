//! What is tried before an agent is started: whether it may run without a fence, and whether its
//! program is inside the fence.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use actors::ports::engine::{Sought, StartError};
use events::container::Class;
use events::id::SlotNo;
use events::settings::ContainerLimits;

use super::engine::ProcessEngine;
use super::sandbox::{self, Sandbox};
use super::start::USUAL_PATH;
use crate::engine::owner::Owner;
use crate::engine::seek;
use crate::named;

/// A shell that looks for a program has to end within this time.
const SEEK_WITHIN: Duration = Duration::from_secs(20);

impl ProcessEngine {
    /// A program, as a shell inside the fence finds it.
    pub(super) async fn sought(&self, program: &str) -> Result<Sought, StartError> {
        self.refuse_unfenced()?;
        if self.finds(program).await? {
            return Ok(Sought::Found);
        }

        let advice = match self.sandbox {
            Sandbox::Bubblewrap => {
                "is not where the containers are, which see this machine's programs, but nothing \
                 below /root, /home, /run and /tmp: \
                 install it for everybody, in /usr/local/bin or /opt, or serve with --engine \
                 docker and an image that has it"
            }
            Sandbox::Plain => {
                "is not where the containers are, which run as users of their own with a home of \
                 their own: install it for everybody, \
                 in /usr/local/bin or /opt, or serve with --engine docker and an image that has it"
            }
        };
        Ok(Sought::Missing {
            advice: advice.to_owned(),
        })
    }

    /// What a shell inside the fence says of a program.
    async fn finds(&self, program: &str) -> Result<bool, StartError> {
        let mut inside = vec![OsString::from(&self.binary)];
        inside.extend(["seek", "--", program].map(OsString::from));
        // It needs no folder and no door: our binary stands in for both, and is shown read-only.
        let shown = sandbox::Shown {
            data: &self.data,
            slot: &self.binary,
            door: &self.binary,
            cache: None,
            binary: &self.binary,
            limits: &ContainerLimits::default(),
        };
        let mut command = self.sandbox.command(&inside, &shown);
        let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
        command.env_clear().env("PATH", path).current_dir("/");
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.kill_on_drop(true);
        if let Owner::Dropped(id) = Owner::of(SlotNo(0)) {
            command.uid(id).gid(id);
        }

        let output = tokio::time::timeout(SEEK_WITHIN, named::output(&mut command)).await;
        let output = output.map_err(|_| StartError::failed(Class::Trial, "a shell did not end"))?;
        let output = output.map_err(|e| StartError::failed(Class::Trial, e))?;
        seek::found(&String::from_utf8_lossy(&output.stdout))
    }

    /// What keeps agents that are not ours from running here, if anything does.
    pub(super) fn refuse_unfenced(&self) -> Result<(), StartError> {
        if self.sandbox == Sandbox::Bubblewrap || self.allow_unisolated {
            return Ok(());
        }
        let why = "this agent would run without a sandbox: install bubblewrap, or accept it with \
                   --allow-unisolated";
        Err(StartError::failed(Class::NotIsolated, why))
    }
}
