# The agent image, light stage: git, a shell, and a user. The runner is not in it: it comes through the door of each session.
#
#   supercargo image build [--base IMAGE]
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
