<#
.SYNOPSIS
Is the server there? And what to look at when it is not.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

# Connect only where there is no connection yet.
if (-not (Get-NasConnection)) { $null = Connect-NasPubSub $Server -Namespace checks -Timeout 5 }

Wait-NasConnection -Timeout 10
'Connected within 10 seconds'
"The server answers: $(Test-NasConnection -Ping -Timeout 5)"
Disconnect-NasPubSub
"Connected: $(Test-NasConnection)"

# Nobody listens on port 1: one error, which says what to do.
try {
    $null = Connect-NasPubSub nats://127.0.0.1:1 -Timeout 2
}
catch {
    "Failed to connect: $(($_.FullyQualifiedErrorId -split ',')[0])"
    "Check: $($_.ErrorDetails.RecommendedAction)"
}
