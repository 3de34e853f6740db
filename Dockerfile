# syntax=docker/dockerfile:1.20
# Deskhand from its sources: `docker build -t deskhand .`, for amd64 and arm64. Dockerfile.release packs a program that was
# built before. Versions of images are moved on by a person, in a commit that CI has looked at.

# The page and the widget, which the program carries. They are the same for every machine, so the builder's own makes them.
FROM --platform=$BUILDPLATFORM node:24.11.1-bookworm-slim AS pages
WORKDIR /src
COPY web ./web
RUN --mount=type=cache,target=/root/.npm \
    npm --prefix web ci --no-audit --no-fund && npm --prefix web/widget ci --no-audit --no-fund
RUN npm --prefix web run --silent build && npm --prefix web/widget run --silent build

FROM rust:1.95.0-bookworm AS program
WORKDIR /src
COPY . .
COPY --from=pages /src/web/dist ./web/dist
COPY --from=pages /src/web/widget/dist ./web/widget/dist
# What is kept between builds is gone when the step ends, so the program is taken out of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked -p deskhand && cp target/release/deskhand /src/deskhand
RUN deploy/docker/root.sh /src/deskhand /image

FROM scratch
COPY --from=program /image /
ENV DESKHAND_LISTEN=0.0.0.0:8000 \
    DESKHAND_DATA_DIR=/data \
    DESKHAND_LOG__FORMAT=json
WORKDIR /data
USER 1000:1000
EXPOSE 8000 9000
VOLUME /data
# The program asks itself: there is no curl, and nothing to run it with.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/local/bin/deskhand", "health"]
ENTRYPOINT ["/usr/local/bin/deskhand"]
CMD ["serve"]
LABEL org.opencontainers.image.title="Deskhand" \
      org.opencontainers.image.description="A digital colleague that you host yourself" \
      org.opencontainers.image.licenses="Apache-2.0"
