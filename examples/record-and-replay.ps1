<#
.SYNOPSIS
Record and replay: what a subject carried, sent again elsewhere.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace production -Name production
$null = Connect-NasPubSub $Server -Namespace staging -Name staging
$file = Join-Path ([IO.Path]::GetTempPath()) "recording-$PID.jsonl.gz"

# Subscribe first: nothing is kept for those who listen late.
$orders = Register-NasSubscription 'orders.>' -Connection production
1..3 | ForEach-Object { @{ id = $_ } | Publish-NasMessage "orders.$_" -Connection production }
$orders | Receive-NasMessage -Count 3 -Timeout 10 | Export-NasMessage $file

# A recording has no namespace: it is sent in that of the session.
$copies = Register-NasSubscription 'test.>' -Connection staging
Import-NasMessage $file -MapSubject @{ 'orders.*' = 'test.orders.*' } -Speed Max -Connection staging
$copies | Receive-NasMessage -Count 3 -Timeout 10 | ForEach-Object { "$($_.Topic): $($_.Text)" }

# It can be read without a server, too.
$last = Import-NasMessage $file -NoPublish | Select-Object -Last 1
"The last order: $($last.Json.id)"

Remove-Item $file
Disconnect-NasPubSub -All
