# syntax=docker/dockerfile:1

# Longshore in an image of one static binary.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg COMMIT=$(git rev-parse --short=12 HEAD) \
#     --sbom=true --provenance=mode=max -t longshore:0.1.0 .
#
# COMMIT is what `longshore version` and longshore_build_info say; .git is not a part of the build. --sbom and --provenance attach
# a list of components and a record of the build to the image; leave them out for `docker build` without BuildKit's attestations.
#
# Chosen:
# - musl, linked statically, so that the image needs no libc and no shell: nothing in it but the binary and the CA
#   certificates can have a vulnerability.
# - Every platform builds on itself (Alpine is a musl system, its compiler is the musl C compiler that ring wants). A
#   cross compiler would spare arm64 the emulator on an amd64 machine; it would also be a second toolchain to keep right.
#   Give buildx a builder of each kind where the time matters.
# - scratch and not distroless: users, time zones and the like are things a scheduler does not read.
# - The base is named by digest, so that the same commit is built from the same toolchain. `docker buildx imagetools inspect
#   rust:1.95.0-alpine3.23` prints the digest of the index of all platforms; change it together with the version.
# - The plugins of the catalogue are in the binary, so that published configurations load unchanged (RATIONALE.md says why not in a folder).
# - /licenses has the licences of all crates, because Apache-2.0, MIT, BSD and others want their texts to go with the binary.
#   release/notices.sh collects them from the sources that cargo has fetched, so no more tools are needed.

# The version of rust-toolchain.toml (a test compares them). The file itself stays outside: it asks for tools of development.
ARG RUST_VERSION=1.95.0
# Of rust:1.95.0-alpine3.23.
ARG RUST_DIGEST=sha256:606fd313a0f49743ee2a7bd49a0914bab7deedb12791f3a846a34a4711db7ed2

FROM rust:${RUST_VERSION}-alpine3.23@${RUST_DIGEST} AS build
ARG TARGETARCH
ARG COMMIT=unknown
# The C compiler for ring; binutils (with it) to look at the result. bash and the target for the catalogue's plugins.
RUN apk add --no-cache bash build-base ca-certificates && rustup target add wasm32-unknown-unknown
WORKDIR /src
COPY . .
RUN --mount=type=cache,id=cargo-${TARGETARCH},target=/usr/local/cargo/registry \
    --mount=type=cache,id=target-${TARGETARCH},target=/src/target <<'BUILD'
set -eu
case "$TARGETARCH" in
  amd64) target=x86_64-unknown-linux-musl ;;
  arm64) target=aarch64-unknown-linux-musl ;;
  *) echo "no build for $TARGETARCH" >&2; exit 1 ;;
esac
plugins/catalogue.sh target/catalogue-plugins
LONGSHORE_CATALOGUE_DIR="$PWD/target/catalogue-plugins" \
LONGSHORE_COMMIT="$COMMIT" LONGSHORE_RUST="$(rustc --version | cut -d' ' -f2)" \
  cargo build --release --locked --target "$target" -p longshore-cli --features longshore-cli/catalogue
install -D "target/$target/release/longshore" /image/usr/bin/longshore
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt
install -D -m 0644 LICENSE /image/licenses/LICENSE
release/notices.sh "$target" >/image/licenses/THIRD-PARTY-NOTICES.txt
# A binary that needs a library would start nowhere in this image.
if readelf -d /image/usr/bin/longshore | grep NEEDED; then echo "not static" >&2; exit 1; fi
/image/usr/bin/longshore version
BUILD

FROM scratch
ARG VERSION=0.1.0
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="longshore" \
      org.opencontainers.image.description="A Kubernetes scheduler that decides as kube-scheduler does and can say why" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /image /
# Nothing is written but to /tmp, where the chart mounts a volume; so the root can be read-only.
USER 65532:65532
EXPOSE 10259
ENTRYPOINT ["/usr/bin/longshore"]
CMD ["run"]
