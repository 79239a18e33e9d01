#!/usr/bin/env bash
# Installs the tools that a release is made with, of fixed versions: release/tools.sh FOLDER. What is there already is not built again.
set -euo pipefail
folder=$1

ZIG=0.17.1         # the C compiler and linker for both processors
ZIGBUILD=0.24.1    # hands it to cargo
CYCLONEDX=0.5.9    # the list of components (SBOM)
HELM=v3.19.2       # packs the chart

crate() { # NAME VERSION [FLAG...]
    cargo install --quiet --locked --root "$folder" "$1@$2" "${@:3}"
}

need() { # COMMAND WHAT-FOR
    command -v "$1" >/dev/null || { echo "error: $1 is not installed; it is needed to $2" >&2; exit 1; }
}

need python3 "get zig and to write the image"
need go "build helm"
mkdir -p "$folder/bin"
crate cargo-zigbuild "$ZIGBUILD"
crate cargo-cyclonedx "$CYCLONEDX"
if [ ! -x "$folder/bin/helm" ] || [ "$("$folder/bin/helm" version --template '{{.Version}}')" != "$HELM" ]; then
    GOBIN="$folder/bin" CGO_ENABLED=0 go install -ldflags "-X helm.sh/helm/v3/internal/version.version=$HELM" "helm.sh/helm/v3/cmd/helm@$HELM"
fi
if [ ! -d "$folder/python/ziglang-$ZIG.dist-info" ]; then
    rm -rf "$folder/python"
    python3 -m pip install --quiet --disable-pip-version-check --target "$folder/python" "ziglang==$ZIG"
fi
