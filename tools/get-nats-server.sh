#!/usr/bin/env bash
# tools/get-nats-server.sh [2.9]: Get-NatsServer.ps1 for a machine that may have no pwsh.
exec "$(dirname "${BASH_SOURCE[0]}")/pwsh" -NoProfile -NonInteractive -File "$(dirname "${BASH_SOURCE[0]}")/Get-NatsServer.ps1" "$@"
