#!/usr/bin/env bash
# Makes everything that is published of a version, in target/dist. No Docker daemon and no network but the registries are needed.
#
#   RELEASE_URL=https://...    where the archives will be downloaded from, for the krew manifest; without it there is none
#   RELEASE_ARCHS="amd64"      fewer processors (default: amd64 arm64)
#   RELEASE_PROFILE=demo       another profile of cargo, to try the steps in a third of the time
#
# The same commit gives the same archives: times are those of the commit, and no path of the machine is in the binaries.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
dist=$target/dist
tools=$target/release-tools
profile=${RELEASE_PROFILE:-release}
read -ra archs <<<"${RELEASE_ARCHS:-amd64 arm64}"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
name=longshore-$version

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
LONGSHORE_COMMIT=$(git rev-parse --short=12 HEAD)
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then LONGSHORE_COMMIT+=-changed; fi
LONGSHORE_RUST=$(rustc --version | cut -d" " -f2)
export LONGSHORE_COMMIT LONGSHORE_RUST

triple() { # ARCH
    case $1 in
        amd64) echo x86_64-unknown-linux-musl ;;
        arm64) echo aarch64-unknown-linux-musl ;;
        *) echo "error: no build for $1; there are amd64 and arm64" >&2; return 1 ;;
    esac
}

step() { echo "release: $*"; }

archive() { # FILE FOLDER: the contents of FOLDER
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$2" -cf - . | gzip -9n >"$1"
}

step "tools"
release/tools.sh "$tools"
export PATH=$tools/bin:$PATH PYTHONPATH=$tools/python
rm -rf "$dist"
mkdir -p "$dist/parts"

step "list of components"
cargo cyclonedx --quiet --manifest-path scheduler/cli/Cargo.toml --format json --spec-version 1.5 --override-filename "$name.cdx"
find scheduler plugins benches tests -name "$name.cdx.json" ! -path '*/cli/*' -delete
mv "scheduler/cli/$name.cdx.json" "$dist/"

step "catalogue"
plugins/catalogue.sh "$target/catalogue-plugins"
export LONGSHORE_CATALOGUE_DIR=$target/catalogue-plugins

for arch in "${archs[@]}"; do
    triple=$(triple "$arch")
    step "binary for $arch"
    rustup target add "$triple" >/dev/null 2>&1 || true
    flags="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$root=/longshore"
    RUSTFLAGS=$flags cargo zigbuild --quiet --locked --profile "$profile" --target "$triple" -p longshore-cli --features longshore-cli/catalogue
    binary=$target/$triple/$([ "$profile" = dev ] && echo debug || echo "$profile")/longshore
    # A binary that needs a library would start nowhere but here.
    if readelf -d "$binary" | grep NEEDED; then echo "error: the binary for $arch is not static" >&2; exit 1; fi
    part=$dist/parts/$arch
    mkdir -p "$part"
    cp "$binary" LICENSE "$part/"
    release/notices.sh "$triple" >"$part/THIRD-PARTY-NOTICES.txt"
    archive "$dist/$name-linux-$arch.tar.gz" "$part"
done

step "image"
python3 release/image.py --version "$version" --commit "$LONGSHORE_COMMIT" --output "$dist/$name-image.tar" \
    "${archs[@]/#/$dist/parts/}"

step "chart"
helm package charts/longshore --destination "$dist" >/dev/null
cp charts/install.yaml "$dist/install.yaml"

if [ -n "${RELEASE_URL:-}" ]; then
    step "krew manifest"
    release/krew.sh "$version" "$RELEASE_URL" "$dist" "${archs[@]}" >"$dist/longshore.krew.yaml"
else
    step "no krew manifest: RELEASE_URL does not say where the archives will be"
fi

rm -r "$dist/parts"
(cd "$dist" && sha256sum -- * >SHA256SUMS)
step "done: $dist"
ls -l "$dist"
