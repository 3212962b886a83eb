#!/usr/bin/env bash
# ./build.sh [build | demo | test | bench | package | clean]: build.ps1 for a machine that may have no pwsh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec tools/pwsh -NoProfile -NonInteractive -File build.ps1 "$@"
