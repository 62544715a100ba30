//! The package cache of a session: where the usual tools find it, and an end before the host's disk
//! is full.

use std::path::Path;
use std::time::Duration;

/// The host keeps at least this much of its disk: a cache has no quota of its own.
const KEPT_FREE: u64 = 2 * 1024 * 1024 * 1024;
/// The kernel tells nobody when a disk fills up, so it is asked this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where each tool keeps what it downloads: the names that the tools themselves read.
const TOOLS: &[(&str, &str)] = &[
    ("npm_config_cache", "npm"),
    ("npm_config_store_dir", "pnpm"),
    ("YARN_CACHE_FOLDER", "yarn"),
    ("BUN_INSTALL_CACHE_DIR", "bun"),
    ("PIP_CACHE_DIR", "pip"),
    ("UV_CACHE_DIR", "uv"),
    ("POETRY_CACHE_DIR", "poetry"),
    ("CARGO_HOME", "cargo"),
    ("GOMODCACHE", "go"),
    ("GRADLE_USER_HOME", "gradle"),
    ("COMPOSER_CACHE_DIR", "composer"),
    ("NUGET_PACKAGES", "nuget"),
    ("DENO_DIR", "deno"),
];

/// What the tools of a session are told about its cache.
pub(super) fn environment(cache: &Path) -> impl Iterator<Item = (&'static str, String)> + '_ {
    let own = [("SUPERCARGO_CACHE", cache.display().to_string())].into_iter();
    own.chain(
        TOOLS
            .iter()
            .map(|(name, folder)| (*name, cache.join(folder).display().to_string())),
    )
}

/// Returns when the disk under the cache is nearly full; never, without a cache.
pub(super) async fn disk_is_full(cache: Option<&Path>) {
    let Some(cache) = cache else {
        return std::future::pending().await;
    };

    loop {
        match rustix::fs::statvfs(cache) {
            Ok(disk) if disk.f_bavail * disk.f_frsize < KEPT_FREE => return,
            Ok(_) => {}
            Err(error) => eprintln!(
                "the disk under {} cannot be looked at: {error}",
                cache.display()
            ),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
