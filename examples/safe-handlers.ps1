<#
.SYNOPSIS
Handlers that fail: an error never ends the subscription.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace safe

# An error of the action is in the job's error stream; the next message is handled all the same.
$job = Register-NasSubscription orders -MaxMessages 3 -As Json -Action {
    if (-not $_.id) { throw 'The order has no id.' }
    "Processed order $($_.id)"
}
@{ id = 1 }, @{ amount = 5 }, @{ id = 3 } | Publish-NasMessage orders
$null = $job | Wait-Job -Timeout 10
$job | Receive-Job -ErrorAction SilentlyContinue -ErrorVariable problems
$problems | ForEach-Object { "Error in the action: $_" }

# Or catch it where it happens.
$caught = Register-NasSubscription numbers -MaxMessages 2 -Action {
    $text = $_.Text
    try { "Half is $([int] $text / 2)" }
    catch { "Error processing '$text': no number" }
}
'42', 'many' | Publish-NasMessage numbers
$caught | Wait-Job -Timeout 10 | Receive-Job
Disconnect-NasPubSub
