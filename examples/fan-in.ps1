<#
.SYNOPSIS
Fan-in: several publishers, one subscriber that collects.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$aggregator = Connect-NasPubSub $Server -Namespace metrics -Name aggregator
$readings = Register-NasSubscription sensor.data -Connection $aggregator

foreach ($id in 0..4) {
    $sensor = Connect-NasPubSub $Server -Namespace metrics -Name "sensor$id"
    Publish-NasMessage sensor.data "Sensor ${id}: OK" -Connection $sensor -Flush
}

$metrics = @($readings | Receive-NasMessage -Count 5 -Timeout 10 -As Text)
$metrics
"Collected: $($metrics.Count)"
Disconnect-NasPubSub -All
