<#
.SYNOPSIS
Publish and subscribe: an action runs for each message.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace myapp
"Namespace: $((Get-NasConnection).Namespace), connected: $(Test-NasConnection)"

# The action runs in the background; what it puts out is the job's. It ends after three messages.
$job = Register-NasSubscription events.user.login { "Received: $($_.Text) on $($_.Topic)" } -MaxMessages 3

Publish-NasMessage events.user.login 'User 123 logged in'
Publish-NasMessage events.user.login ([System.Text.Encoding]::UTF8.GetBytes('User 124 logged in'))
'User 125 logged in' | Publish-NasMessage events.user.login

$job | Wait-Job -Timeout 10 | Receive-Job
Disconnect-NasPubSub
