//! The search for a program inside a container. The runner is the main process there, as in every
//! container, and asks the shell, because a shell is what will run the program; it prints one of
//! two words. Anything else, and any other end, is no answer.

use std::process::Command;

use actors::ports::engine::StartError;
use events::container::Class;

/// What the shell runs; the program is its first argument.
const SEEK: &str = "if command -v \"$1\" >/dev/null 2>&1; then echo found; else echo missing; fi";

/// What the runner looks for.
#[derive(Debug, clap::Args)]
pub struct SeekArgs {
    /// The program, as a command line would name it.
    program: String,
}

/// Asks the shell, which answers on this process's output, and answers its exit code.
pub fn run(args: &SeekArgs) -> i32 {
    let shell = Command::new("sh")
        .args(["-c", SEEK, "sh", &args.program])
        .status();
    shell.ok().and_then(|status| status.code()).unwrap_or(127)
}

/// Whether it is there, as the shell said.
pub(super) fn found(said: &str) -> Result<bool, StartError> {
    match said.trim() {
        "found" => Ok(true),
        "missing" => Ok(false),
        other => Err(StartError::failed(
            Class::Trial,
            format!("a shell that was to look for a program said \"{other}\""),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_says_whether_a_program_is_there() {
        let table = [
            ("sh", true),
            ("/bin/sh", true),
            ("case", true),
            ("no-such-agent", false),
            ("/bin/no-such-agent", false),
            ("~/bin/my-agent", false),
            ("$(touch x)", false),
        ];
        for (program, there) in table {
            let mut shell = Command::new("sh");
            let output = shell.args(["-c", SEEK, "sh", program]).output();
            let said = String::from_utf8(output.expect("a shell").stdout);
            assert_eq!(found(&said.expect("text")), Ok(there), "{program}");
        }

        assert!(found("").is_err());
    }
}
