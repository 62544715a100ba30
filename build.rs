//! Builds the web interface in `ui/` and puts it where the binary takes it from: `OUT_DIR/bridge`.
//! Nothing is written into the tree. Where it cannot be built a page takes its place that says what
//! is missing.
//!
//! `SUPERCARGO_UI=skip` leaves it out, `SUPERCARGO_UI=require` fails where Node is missing.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

/// What the interface is made of, below `ui/`; everything else there is somebody's own.
const SOURCES: [&str; 9] = [
    "index.html",
    "package.json",
    "package-lock.json",
    ".npmrc",
    // Tailwind looks for its words where git looks.
    ".gitignore",
    "tsconfig.json",
    "vite.config.ts",
    "public",
    "scripts",
];
/// The code, of which what is made by the build is left out.
const CODE: &str = "src";
/// The description that the client is made from.
const DESCRIPTION: &str = "docs/openapi.json";
/// The oldest Node that Vite runs on.
const NODE: (u32, u32) = (20, 19);

fn main() {
    println!("cargo::rerun-if-env-changed=SUPERCARGO_UI");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    for source in SOURCES.iter().chain([&CODE]) {
        println!("cargo::rerun-if-changed=ui/{source}");
    }

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names OUT_DIR"));
    let bridge = out.join("bridge");
    let wanted = env::var("SUPERCARGO_UI").unwrap_or_default();
    let missing = match wanted.as_str() {
        "skip" => Some("it was built with SUPERCARGO_UI=skip".to_owned()),
        _ => node_is_missing(),
    };

    match missing {
        None => build(&out, &bridge),
        Some(why) if wanted == "require" => panic!("the web interface cannot be built: {why}"),
        Some(why) => {
            println!("cargo::warning=this build has no web interface: {why}");
            plain(&bridge, &why);
        }
    }
}

/// Why the interface cannot be built here, if it cannot.
fn node_is_missing() -> Option<String> {
    let (major, minor) = NODE;
    let needed = format!("it needs Node {major}.{minor} or newer, and npm");
    let said = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        String::from_utf8(output.stdout).ok()
    };

    let Some(version) = said("node") else {
        return Some(format!("{needed}; there is no node"));
    };
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    let mut number = || numbers.next()?.parse::<u32>().ok();
    let found = number().zip(number());
    if found < Some(NODE) {
        return Some(format!("{needed}; this is {}", version.trim()));
    }
    said("npm")
        .is_none()
        .then(|| format!("{needed}; there is no npm"))
}

/// Builds in a copy, so that the tree stays as it is; what npm installed there is kept.
fn build(out: &Path, bridge: &Path) {
    let (from, work) = (Path::new("ui"), out.join("ui"));
    for source in SOURCES {
        copy(&from.join(source), &work.join(source));
    }
    remove(&work.join(CODE));
    copy(&from.join(CODE), &work.join(CODE));
    copy(Path::new(DESCRIPTION), &out.join(DESCRIPTION));

    let (lock, installed) = (work.join("package-lock.json"), work.join("installed.json"));
    let is_installed =
        fs::read(&installed).is_ok_and(|of| fs::read(&lock).is_ok_and(|now| of == now));
    if !is_installed {
        npm(
            &work,
            bridge,
            &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
        );
        copy(&lock, &installed);
    }
    npm(&work, bridge, &["run", "--silent", "build"]);
    // What the build notes for itself is no part of the interface.
    remove(&bridge.join(".vite"));
}

fn npm(work: &Path, bridge: &Path, args: &[&str]) {
    let output = Command::new("npm")
        .args(args)
        .current_dir(work)
        .env("SUPERCARGO_UI_OUT", bridge)
        .output()
        .unwrap_or_else(|error| panic!("npm cannot be run: {error}"));

    assert!(
        output.status.success(),
        "the web interface cannot be built (SUPERCARGO_UI=skip leaves it out): npm {}\n{}\n{}",
        args.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// A page in the place of the interface.
fn plain(bridge: &Path, why: &str) {
    remove(bridge);
    fs::create_dir_all(bridge).expect("a folder in OUT_DIR");
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Supercargo</title>\
         <h1>Supercargo</h1><p>This binary has no web interface: {why}. Everything can be done \
         with the command line as well: <code>supercargo --help</code>.</p></html>\n"
    );
    fs::write(bridge.join("index.html"), page).expect("a file in OUT_DIR");
}

/// Copies a file or a folder, but for what a build in the tree made.
fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        let folder = to.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).expect("a folder in OUT_DIR");
        fs::copy(from, to).expect("a copy in OUT_DIR");
        return;
    }

    let listed = fs::read_dir(from).expect("a folder of the interface");
    for entry in listed.flatten() {
        let name = entry.file_name();
        if !name.to_string_lossy().contains(".gen.") {
            copy(&entry.path(), &to.join(name));
        }
    }
}

fn remove(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            panic!("{error}")
        }
        _ => {}
    }
}
