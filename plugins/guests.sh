#!/usr/bin/env bash
# Builds the Rust examples into plugins: guests.sh [--core] OUT [NAME...]; with --core the core modules as they are.
# The bytes depend on the sources, the lock file and the toolchain only; not on where the repository and cargo's home are.
set -euo pipefail
plugins=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$plugins")
core=
if [ "$1" = --core ]; then core=1 && shift; fi
mkdir -p "$1" && out=$(cd "$1" && pwd)
shift
target=${CARGO_TARGET_DIR:-$root/target}
. "$plugins/modules.sh"

names=("$@")
[ ${#names[@]} -gt 0 ] || names=($(cd "$plugins/examples/rust" && ls -d */ | tr -d /))
modules "$plugins" guests-build "$out" "${names[@]}"
