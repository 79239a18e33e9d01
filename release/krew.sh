#!/usr/bin/env bash
# Writes the manifest by which krew installs the command as `kubectl longshore`: release/krew.sh VERSION URL DIST ARCH...
set -euo pipefail
version=$1 url=${2%/} dist=$3
shift 3

cat <<YAML
apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: longshore
spec:
  version: v$version
  shortDescription: Say where pods would go, and why
  description: |
    Reads a cluster, or files, and shows on which node each pending pod would be
    placed, which pods would stay pending, and what would help. Decides as the
    kube-scheduler of the cluster's own minor does. Changes nothing in the cluster,
    except for \`kubectl longshore run\`, which is a scheduler.
  platforms:
YAML
for arch in "$@"; do
    file=longshore-$version-linux-$arch.tar.gz
    cat <<YAML
  - selector:
      matchLabels:
        os: linux
        arch: $arch
    uri: $url/$file
    sha256: $(sha256sum "$dist/$file" | cut -d' ' -f1)
    files:
    - from: ./longshore
      to: .
    - from: ./LICENSE
      to: .
    - from: ./THIRD-PARTY-NOTICES.txt
      to: .
    bin: longshore
YAML
done
