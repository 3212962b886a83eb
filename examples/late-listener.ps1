<#
.SYNOPSIS
A gate in CI that may start after what it waits for: a stream keeps the message. The server needs JetStream.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace latelistener
$null = New-NasStream EXAMPLE-RELEASES -Subject 'deploy.>' -MaxMessagesPerSubject 10 -Storage Memory

# The deployment ends before the gate begins, and nobody listens.
Publish-NasMessage deploy.shop @{ version = '1.4.1'; ok = $true } -Stream EXAMPLE-RELEASES
Publish-NasMessage deploy.shop @{ version = '1.4.2'; ok = $true } -Stream EXAMPLE-RELEASES

$gate = @{ Stream = 'EXAMPLE-RELEASES'; LastPerSubject = $true; Count = 1; As = 'Json' }
$done = Receive-NasMessage @gate -Filter deploy.shop -Timeout 30
"Deployed: $($done.version)"

# The gate waits if there is nothing yet, and fails in time.
try { Receive-NasMessage @gate -Filter deploy.blog -Timeout 0.2 } catch { "Would fail: $($_.FullyQualifiedErrorId.Split(',')[0])" }

Remove-NasStream EXAMPLE-RELEASES -Confirm:$false
Disconnect-NasPubSub
