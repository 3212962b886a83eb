<#
.SYNOPSIS
Namespaces keep production and development apart.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$production = Connect-NasPubSub $Server -Namespace production -Name prod
$development = Connect-NasPubSub $Server -Namespace development -Name dev

$prodAlerts = Register-NasSubscription alerts -Connection prod
$devAlerts = Register-NasSubscription alerts -Connection dev

Publish-NasMessage alerts 'Production alert!' -Connection $production -Flush
Publish-NasMessage alerts 'Development test' -Connection $development -Flush

# Each session has the messages of its namespace, and no other.
$prodAlerts | Receive-NasMessage -Timeout 0.2 | ForEach-Object { "[PROD] $($_.Text) ($($_.Topic))" }
$devAlerts | Receive-NasMessage -Timeout 0.2 | ForEach-Object { "[DEV] $($_.Text) ($($_.Topic))" }
Disconnect-NasPubSub -All
