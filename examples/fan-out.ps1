<#
.SYNOPSIS
Fan-out: one publisher, several subscribers, each has every message.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$publisher = Connect-NasPubSub $Server -Namespace news -Name publisher

$subscribers = foreach ($i in 0..2) {
    $connection = Connect-NasPubSub $Server -Namespace news -Name "subscriber$i"
    Register-NasSubscription updates { "Subscriber ${using:i}: $($_.Text)" } -MaxMessages 1 -Connection $connection
}

Publish-NasMessage updates 'Breaking news!' -Connection $publisher

$null = $subscribers | Wait-Job -Timeout 10
$subscribers | Receive-Job
Disconnect-NasPubSub -All
