<#
.SYNOPSIS
Wildcards: * stands for one token, > for all that follow.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace monitoring

$sensors = Register-NasSubscription 'sensors.*'
$metrics = Register-NasSubscription 'metrics.>'

Publish-NasMessage sensors.temperature 22.5
Publish-NasMessage sensors.humidity 65
Publish-NasMessage sensors.pressure 1013
Publish-NasMessage sensors.lab.temperature 19      # two tokens: not for sensors.*

Publish-NasMessage metrics.cpu '45%'
Publish-NasMessage metrics.memory.used '8GB'
Publish-NasMessage metrics.disk.sda.free '100GB'

$sensors | Receive-NasMessage -Count 3 -Timeout 5 | ForEach-Object { "Event on $($_.Subject): $($_.Text)" }
$metrics | Receive-NasMessage -Count 3 -Timeout 5 | ForEach-Object { "Event on $($_.Subject): $($_.Text)" }
Disconnect-NasPubSub
