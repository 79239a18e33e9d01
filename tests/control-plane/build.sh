#!/bin/sh
# Builds the control plane that the tests run, once, into a folder outside the source tree.
#
# LONGSHORE_CONTROL_PLANE names the folder (default: ${XDG_CACHE_HOME:-~/.cache}/longshore/control-plane).
# KUBERNETES names a minor, such as 1.34 (or a release, such as v1.34.4): kube-apiserver, kube-scheduler and
# kube-controller-manager are then of that one, and the default folder has its name at the end. The others are those of go.mod.
# Nothing is built when KUBEBUILDER_ASSETS names a folder with etcd and kube-apiserver, or when the folder holds what the
# sources of this module say.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
binaries="etcd kube-apiserver kube-scheduler kube-controller-manager kwok helm"

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    if [ -x "$KUBEBUILDER_ASSETS/etcd" ] && [ -x "$KUBEBUILDER_ASSETS/kube-apiserver" ]; then
        echo "control plane: using KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS" >&2
        exit 0
    fi
    echo "control plane: KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS has no etcd and kube-apiserver; building our own" >&2
fi

# The releases that stand for their minors.
release() {
    case "$1" in
        "") ;;
        1.34) echo v1.34.4 ;;
        1.35) echo v1.35.4 ;;
        1.36) echo v1.36.3 ;;
        1.37) echo v1.37.2 ;;
        v1.*.*) echo "$1" ;;
        *) echo "error: KUBERNETES=$1 is none of 1.34, 1.35, 1.36, 1.37 and no release such as v1.37.2" >&2; return 1 ;;
    esac
}
asked=$(release "${KUBERNETES:-}") || exit 1

folder=${LONGSHORE_CONTROL_PLANE:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore/control-plane${KUBERNETES:+-$KUBERNETES}}
mkdir -p "$folder"

# The checksum of everything the binaries are made from. POSIX cksum: every system has it.
wanted="$asked $(cd "$here" && cat build.sh go.mod go.sum cmd/*/*.go | cksum)"

current() {
    [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$wanted" ] || return 1
    for binary in $binaries; do [ -x "$folder/$binary" ] || return 1; done
}

current && exit 0

# One build at a time where flock exists. Without it two builds cost time, not correctness: each file is renamed into place.
if command -v flock >/dev/null; then
    exec 9>"$folder/.lock"
    flock 9
    current && exit 0
fi

if ! command -v go >/dev/null; then
    cat >&2 <<'MESSAGE'
error: the tests run the real kube-apiserver, which is built from source with Go 1.26 or newer, and `go` is not installed.
  Install Go (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder with the binaries etcd and kube-apiserver
  (`setup-envtest use -p path` prints one), or run `make test-fast`, which needs neither.
MESSAGE
    exit 1
fi
version=$(cd "$here" && go env GOVERSION) || {
    echo "error: this Go cannot build go.mod of $here; Go 1.26 or newer is needed" >&2
    exit 1
}
minor=$(printf '%s\n' "$version" | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ "${minor:-99}" -lt 26 ]; then
    echo "error: $version is too old for the control plane of the tests; Go 1.26 or newer is needed" >&2
    exit 1
fi

echo "control plane: building etcd, Kubernetes, kwok and helm into $folder (once; several minutes)" >&2
staging=$(mktemp -d "$folder/.building.XXXXXX")
trap 'rm -rf "$staging"' EXIT
trap 'exit 130' INT TERM
# A release has its version linked in; without it the server would say v0.0.0 and charts would refuse it.
flags() {
    minor=${1#v1.}
    echo "-s -w -X k8s.io/component-base/version.gitVersion=$1 -X k8s.io/component-base/version.gitMajor=1" \
        "-X k8s.io/component-base/version.gitMinor=${minor%%.*}"
}
kubernetes=$(cd "$here" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
(cd "$here" && CGO_ENABLED=0 go build -trimpath -ldflags "$(flags "$kubernetes")" -o "$staging/" ./cmd/...)

# Another release is a module of its own: helm and kwok would not let Kubernetes' libraries be older than theirs.
if [ -n "$asked" ] && [ "$asked" != "$kubernetes" ]; then
    module="$staging/module"
    mkdir -p "$module"
    libraries="v0.${asked#v1.}"
    printf 'module longshore.dev/control-plane-of-a-minor\n\ngo 1.26.0\n' >"$module/go.mod"
    for command in kube-apiserver kube-scheduler kube-controller-manager; do
        mkdir -p "$module/cmd/$command"
        cp "$here/cmd/$command/"*.go "$module/cmd/$command/"
    done
    (
        cd "$module"
        # Kubernetes takes its libraries from its own tree, which a module that depends on it cannot: each of that release instead.
        file=$(GOWORK=off go mod download -json "k8s.io/kubernetes@$asked" | sed -n 's/^.*"GoMod": "\(.*\)".*$/\1/p')
        sed -n 's/^\t\(k8s\.io\/[a-z-]*\) => \.\/staging.*$/\1/p' "$file" | while read -r library; do
            go mod edit -replace "$library=$library@$libraries"
        done
        go mod edit -require "k8s.io/kubernetes@$asked" -require "k8s.io/component-base@$libraries"
        go mod tidy
        CGO_ENABLED=0 go build -trimpath -ldflags "$(flags "$asked")" -o "$staging/" ./cmd/...
    )
fi
for binary in $binaries; do mv -f "$staging/$binary" "$folder/$binary"; done
echo "$wanted" >"$staging/.stamp"
mv -f "$staging/.stamp" "$folder/.stamp"
