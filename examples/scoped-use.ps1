<#
.SYNOPSIS
A connection for a block of code: it is closed however the block ends.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$client = Connect-NasPubSub $Server -Namespace temp
try {
    $job = Register-NasSubscription test { "Received: $($_.Text)" }
    Publish-NasMessage test 'Message 1'
    Publish-NasMessage test 'Message 2'
    # Ends the subscription in order: what was sent is handled first.
    $job | Unregister-NasSubscription
    $job | Receive-Job
}
finally {
    $client | Disconnect-NasPubSub
}
"Connection: $($client.State)"
