# The agent image. `light`: git, a shell, and a user, enough for scripted agents and plain commands. `full`: that, common build tools, Node,
# Python, and the agent CLIs at pinned versions. The runner is in neither: it comes through the door of each session.
#
#   supercargo image build [--full] [--base IMAGE]
#
# Where no registry is reachable, import a base first, for instance with docker/import-base.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE} AS light

# A base that brings git needs no network here.
RUN command -v git >/dev/null || { \
        apt-get update && \
        apt-get install --yes --no-install-recommends git ca-certificates && \
        rm -rf /var/lib/apt/lists/*; \
    }

# Sessions run under numeric ids that the server chooses; the name is for people who look around in the image.
RUN getent passwd agent >/dev/null || useradd --create-home --uid 10000 --shell /bin/sh agent
USER agent
WORKDIR /work

FROM light AS full
USER root
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        bash build-essential ca-certificates curl diffutils file findutils jq less locales nodejs npm openssh-client patch pkg-config \
        procps python3 python3-pip python3-venv ripgrep tzdata unzip xz-utils && \
    rm -rf /var/lib/apt/lists/* && \
    echo "en_US.UTF-8 UTF-8" > /etc/locale.gen && locale-gen
# A locale that is everywhere, and the time zone of logs. Certificates: what the base trusts, for every tool.
ENV LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# Debian's Node is older than some of the tools ask for; it fetches a newer one.
ARG NODE_VERSION=22
ARG CLAUDE_VERSION=2.1.330
ARG CODEX_VERSION=0.169.0
ARG OPENCODE_VERSION=1.18.33
ARG GEMINI_VERSION=0.61.0
ARG UV_VERSION=0.13.9
RUN npm install --global --no-audit --no-fund "node@${NODE_VERSION}" && \
    npm install --global --no-audit --no-fund \
        "@anthropic-ai/claude-code@${CLAUDE_VERSION}" "@openai/codex@${CODEX_VERSION}" \
        "opencode-ai@${OPENCODE_VERSION}" "@google/gemini-cli@${GEMINI_VERSION}" && \
    npm cache clean --force && \
    pip3 install --break-system-packages --no-cache-dir "uv==${UV_VERSION}"
RUN node --version && claude --version && codex --version && opencode --version && gemini --version && uv --version && jq --version
USER agent
WORKDIR /work
