#!/usr/bin/env bash
# ./build.sh [build | demo | test [SUITE] | bench | package | clean]: runs build.ps1, also on a machine without pwsh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec tools/pwsh -NoProfile -NonInteractive -File build.ps1 "$@"
