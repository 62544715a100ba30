//! What upstreams ask for, one folder a project, readable by the server's user alone; and how git
//! is told: through its environment, which only that user sees, and never through arguments or
//! URLs.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use actors::ports::PortError;
use actors::ports::repo::{Credential, Credentials};
use events::id::ProjectName;
use events::project::upstream::{Transport, transport};
use sha2::Digest;

/// Variables of the operator's own that transports need: certificates, proxies, the agent of ssh.
const PASSED: &[&str] = &[
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];
/// Seconds until an ssh server has to answer.
const SSH_WITHIN: u32 = 15;
/// Name of the folder with the credential of projects that have none of their own. No project can
/// be called so.
const HOST_WIDE: &str = "_host";

/// The secrets of upstreams.
#[derive(Debug, Clone)]
pub struct Secrets {
    folder: PathBuf,
}

fn failed(error: std::io::Error) -> PortError {
    PortError::Transient(error.to_string())
}

impl Credentials for Secrets {
    fn keep_credential(
        &self,
        project: &ProjectName,
        credential: Option<&Credential>,
    ) -> Result<(), PortError> {
        self.write(&self.of(project.as_str()), credential)
    }

    fn forget_project(&self, project: &ProjectName) -> Result<(), PortError> {
        let folder = self.of(project.as_str());
        match fs_err::remove_dir_all(&folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(e)),
            _ => Ok(()),
        }
    }

    fn host_keys(&self, project: &ProjectName) -> Result<Vec<String>, PortError> {
        // As ssh shows them.
        let path = self.of(project.as_str()).join("known_hosts");
        let text = match fs_err::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(e) => return Err(failed(e)),
        };
        Ok(text.lines().filter_map(fingerprint).collect())
    }

    fn forget_host_keys(&self, project: &ProjectName) -> Result<(), PortError> {
        let path = self.of(project.as_str()).join("known_hosts");
        match fs_err::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(e)),
            _ => Ok(()),
        }
    }
}

impl Secrets {
    /// Secrets below this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn of(&self, project: &str) -> PathBuf {
        self.folder.join(project)
    }

    /// Every secret that is kept, of whatever project: tokens and private keys.
    pub fn values(&self) -> Vec<String> {
        let owners = fs_err::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten();
        let files =
            owners.flat_map(|owner| ["token", "ssh_key"].map(|name| owner.path().join(name)));
        let texts = files
            .filter_map(|file| Some((file.ends_with("token"), fs_err::read_to_string(file).ok()?)));

        // The first line of a token's file is the user it belongs to.
        let secret = |(token, text): (bool, String)| match text.split_once('\n') {
            Some((_, secret)) if token => secret.trim().to_owned(),
            _ => text,
        };
        texts.map(secret).collect()
    }

    /// Keeps the credential of projects that have none of their own.
    pub fn keep_host_wide(&self, credential: Option<&Credential>) -> Result<(), PortError> {
        self.write(&self.of(HOST_WIDE), credential)
    }

    fn write(&self, folder: &Path, credential: Option<&Credential>) -> Result<(), PortError> {
        fs_err::create_dir_all(folder).map_err(failed)?;
        for private in [&self.folder, folder] {
            let mode = std::fs::Permissions::from_mode(0o700);
            fs_err::set_permissions(private, mode).map_err(failed)?;
        }

        let (token, key) = (folder.join("token"), folder.join("ssh_key"));
        for old in [&token, &key] {
            match fs_err::remove_file(old) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(failed(e));
                }
                _ => {}
            }
        }

        match credential {
            None => Ok(()),
            Some(Credential::Token { user, token: text }) => {
                private_file(&token, &format!("{user}\n{text}\n"))
            }
            Some(Credential::SshKey(text)) => {
                without_passphrase(text)?;
                private_file(&key, &format!("{}\n", text.trim_end()))
            }
        }
    }

    /// The file of this name: the project's own, else the host-wide one.
    fn found(&self, project: &ProjectName, name: &str) -> Option<PathBuf> {
        [project.as_str(), HOST_WIDE]
            .into_iter()
            .map(|owner| self.of(owner).join(name))
            .find(|path| path.is_file())
    }

    /// What git is told for this upstream.
    pub fn environment(
        &self,
        project: &ProjectName,
        url: &str,
    ) -> Result<Vec<(String, OsString)>, PortError> {
        let mut told: Vec<(String, OsString)> = PASSED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)))
            .collect();

        match transport(url).map_err(PortError::Permanent)? {
            Transport::Path => {}
            Transport::Http => {
                if let Some(path) = self.found(project, "token") {
                    let text = fs_err::read_to_string(&path).map_err(failed)?;
                    let (user, token) = text
                        .trim_end()
                        .split_once('\n')
                        .unwrap_or(("", text.trim_end()));
                    told.extend(header(url, user, token));
                }
            }
            Transport::Ssh => {
                let folder = self.of(project.as_str());
                fs_err::create_dir_all(&folder).map_err(failed)?;
                let key = self.found(project, "ssh_key");
                let agent = std::env::var_os("SSH_AUTH_SOCK");
                told.push((
                    "GIT_SSH_COMMAND".to_owned(),
                    ssh(key.as_deref(), &folder.join("known_hosts")).into(),
                ));
                told.extend(
                    agent
                        .filter(|_| key.is_none())
                        .map(|agent| ("SSH_AUTH_SOCK".to_owned(), agent)),
                );
            }
        }

        Ok(told)
    }
}

/// Refuses a key with a passphrase: nobody is there to type it. Sources: OpenSSH's PROTOCOL.key,
/// RFC 1421, RFC 5958.
fn without_passphrase(key: &str) -> Result<(), PortError> {
    let body: String = key
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let decoded = data_encoding::BASE64
        .decode(body.as_bytes())
        .unwrap_or_default();
    // The name of the cipher is the first text behind the magic, after its length.
    let cipher = decoded
        .strip_prefix(b"openssh-key-v1\0")
        .map(|rest| rest.get(4..8));
    let encrypted = cipher.is_some_and(|cipher| cipher != Some(b"none"));
    let marked = ["Proc-Type: 4,ENCRYPTED", "BEGIN ENCRYPTED PRIVATE KEY"];

    if encrypted || marked.iter().any(|mark| key.contains(mark)) {
        let why = "the SSH key has a passphrase, and nobody is there to type it: make a key \
                   without one for this server \
                   (ssh-keygen -t ed25519 -N '' -f FILE), and let upstream take it";
        return Err(PortError::Permanent(why.to_owned()));
    }
    Ok(())
}

/// A line of a known-hosts file as people compare it. Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.
fn fingerprint(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (host, kind, key) = (words.next()?, words.next()?, words.next()?);
    let key = data_encoding::BASE64.decode(key.as_bytes()).ok()?;
    let digest = data_encoding::BASE64_NOPAD.encode(&sha2::Sha256::digest(key));
    Some(format!("{host} {kind} SHA256:{digest}"))
}

fn private_file(path: &Path, text: &str) -> Result<(), PortError> {
    let file = fs_err::File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    let mut file = file.map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)
}

/// The token as a header for this host alone: a redirection to another one does not take it along.
fn header(url: &str, user: &str, token: &str) -> Vec<(String, OsString)> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let host = rest.split('/').next().unwrap_or_default();
    let pair = data_encoding::BASE64.encode(format!("{user}:{token}").as_bytes());
    let set = |name: &str, value: String| (name.to_owned(), OsString::from(value));
    vec![
        set("GIT_CONFIG_COUNT", "1".to_owned()),
        set(
            "GIT_CONFIG_KEY_0",
            format!("http.{scheme}://{host}/.extraHeader"),
        ),
        set("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {pair}")),
    ]
}

/// ssh that asks nobody, reads no file of the user's, and pins a host's key when it sees it first.
fn ssh(key: Option<&Path>, known_hosts: &Path) -> String {
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', "'\\''"));
    let known = quoted(known_hosts);
    let mut command = format!(
        "ssh -F /dev/null -o BatchMode=yes -o PasswordAuthentication=no -o \
         ConnectTimeout={SSH_WITHIN} \
         -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={known} -o \
         GlobalKnownHostsFile=/dev/null \
         -o UpdateHostKeys=no -o ForwardAgent=no -o ClearAllForwardings=yes"
    );

    if let Some(key) = key {
        command.push_str(&format!(
            " -i {} -o IdentitiesOnly=yes -o IdentityAgent=none",
            quoted(key)
        ));
    }

    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> ProjectName {
        "zoo".parse().expect("name")
    }

    #[test]
    fn a_token_is_for_its_host_alone_and_a_key_is_private() {
        let folder = tempfile::tempdir().expect("folder");
        let secrets = Secrets::new(folder.path().join("it's secret"));

        let told = |url: &str| {
            secrets
                .environment(&name(), url)
                .expect("told")
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        assert!(!told("https://host/x.git").contains_key("GIT_CONFIG_COUNT"));
        let token = Credential::Token {
            user: "ann".into(),
            token: "secret".into(),
        };
        secrets
            .keep_credential(&name(), Some(&token))
            .expect("kept");
        assert_eq!(
            told("https://host:1/x.git")["GIT_CONFIG_KEY_0"],
            "http.https://host:1/.extraHeader"
        );
        assert!(!told("/srv/x.git").contains_key("GIT_CONFIG_COUNT"));
        secrets
            .keep_host_wide(Some(&Credential::SshKey("KEY".into())))
            .expect("kept");
        let command = told("git@host:x.git")["GIT_SSH_COMMAND"]
            .to_string_lossy()
            .into_owned();
        assert!(
            command.contains("_host/ssh_key") && command.contains("it'\\''s secret"),
            "{command}"
        );
        secrets
            .keep_credential(&name(), Some(&Credential::SshKey("OWN".into())))
            .expect("kept");
        assert!(
            told("git@host:x.git")["GIT_SSH_COMMAND"]
                .to_string_lossy()
                .contains("zoo/ssh_key")
        );
        assert!(
            !told("https://host/x.git").contains_key("GIT_CONFIG_COUNT"),
            "a new credential takes the place of the old"
        );
        let mode = fs_err::metadata(secrets.of("zoo").join("ssh_key"))
            .expect("key")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{token:?}"), "Token(…)", "never shown");
    }

    #[test]
    fn a_key_with_a_passphrase_is_refused_with_what_to_do() {
        let openssh = |cipher: &str| {
            let length = u32::try_from(cipher.len()).expect("short").to_be_bytes();
            let body = [
                b"openssh-key-v1\0",
                &length[..],
                cipher.as_bytes(),
                &[0; 40],
            ]
            .concat();
            let body = data_encoding::BASE64.encode(&body);
            format!(
                "-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"
            )
        };
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n-----END RSA PRIVATE \
                   KEY-----";

        let new =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
        for key in [&openssh("aes256-ctr"), old, new] {
            let why = without_passphrase(key).expect_err(key).to_string();
            assert!(
                why.contains("passphrase") && why.contains("ssh-keygen"),
                "{why}"
            );
        }

        for key in [&openssh("none"), "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"] {
            assert_eq!(without_passphrase(key), Ok(()), "{key}");
        }
    }
}
