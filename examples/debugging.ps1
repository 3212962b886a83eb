<#
.SYNOPSIS
Debugging: watch all that goes over a namespace.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace debug

# > is everything in this namespace.
$all = Register-NasSubscription '>'
Publish-NasMessage users.created @{ id = 1 }
Publish-NasMessage logs.app 'started' -Header @{ Level = 'info' }
Publish-NasMessage jobs.next 'now' -ReplyTo jobs.result

$all | Receive-NasMessage -Count 3 -Timeout 5 | ForEach-Object {
    "DEBUG: Topic=$($_.Topic) Subject=$($_.Subject) Payload=$($_.Text) Headers=$($_.Headers.ToString()) ReplyTo=$($_.ReplyTo)"
}

# What the session and its subscriptions have seen.
$statistics = (Get-NasConnection).Statistics
"Sent $($statistics.MessagesOut), received $($statistics.MessagesIn), dropped $($statistics.Dropped)"
Get-NasSubscription | ForEach-Object { "sid $($_.Sid) '$($_.Subject)': delivered $($_.Delivered), waiting $($_.PendingMessages)" }
Disconnect-NasPubSub
