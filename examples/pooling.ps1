<#
.SYNOPSIS
A pool of connections that share the load of publishing.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$collector = Connect-NasPubSub $Server -Namespace app -Name collector
$events = Register-NasSubscription events -Connection $collector

# Sessions with names, taken in turn. Programs in C# have NasConnectionPool for it.
$pool = foreach ($i in 1..5) { Connect-NasPubSub $Server -Namespace app -Name "pool$i" }
$next = 0
1..1000 | ForEach-Object {
    Publish-NasMessage events "Event $_" -Connection $pool[$next]
    $next = ($next + 1) % $pool.Count
}

$received = @($events | Receive-NasMessage -Count 1000 -Timeout 20 -As Text)
"Received: $($received.Count)"
$pool | ForEach-Object { "$($_.Name) sent $($_.Statistics.MessagesOut)" }
Disconnect-NasPubSub -All
