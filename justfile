# What contributors run. `just` alone lists it.

_list:
    @just --list --unsorted

# Formats everything.
fmt:
    cargo fmt --all

# Formatting, lints, rustdoc.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

# All tests, or those whose name holds a word.
test *FILTER:
    cargo test {{ FILTER }}

# The whole check of a clean machine.
ci:
    bash .ci/run

# A fleet of scripted agents builds a repository; no key, no network.
demo *ARGS:
    cargo run -- try {{ ARGS }}

# The web interface while it is worked on; /api goes to the server at SUPERCARGO_URL.
bridge:
    cd ui && npm ci && npm run dev

# The web interface's own checks, and a browser in front of the real server.
bridge-test:
    cargo build
    cd ui && npm ci && npm run check && SUPERCARGO_BIN=../target/debug/supercargo SUPERCARGO_PAGES=embedded npm run browser

# Writes down the bytes of new kinds of events. Bytes that were stored once never change: look at the difference.
bless:
    GOLDEN=write cargo test -p events golden

# Writes docs/openapi.json anew.
openapi:
    OPENAPI=write cargo test --test it http

# Every benchmark; `just bench --compare` ends with each ratio beside the committed one.
bench *ARGS:
    benches/run {{ ARGS }}

# Random storms on the World, on processes and on Docker; `just storms 1000`.
storms COUNT="200":
    STORMS={{ COUNT }} REAL_STORMS={{ COUNT }} cargo test --test it storms:: -- --nocapture

# Ten minutes of each trouble outside, all at once; `just trouble docker`.
trouble ENGINE="process":
    TROUBLE_ENGINE={{ ENGINE }} cargo test --test it campaigns::trouble -- --ignored --nocapture

# Fifty backups of a fleet at work, each restored, verified and audited; `just backups 200`.
backups COUNT="50":
    BACKUPS={{ COUNT }} cargo test --test it campaigns::backups -- --nocapture

# A stopped server, a stopped fleet and a clock ten minutes ahead; `just pauses docker`.
pauses ENGINE="process":
    PAUSE_SECONDS=90 PAUSE_ENGINE={{ ENGINE }} cargo test --test it campaigns::pauses -- --nocapture

# A folder of an earlier build, killed in the middle of a merge, goes on; `just upgrade /path/to/old/supercargo docker`.
upgrade OLD ENGINE="process":
    OLD_SUPERCARGO={{ OLD }} UPGRADE_ENGINE={{ ENGINE }} cargo test --test it campaigns::upgrade -- --ignored --nocapture
