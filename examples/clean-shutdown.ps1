<#
.SYNOPSIS
A clean end: what was accepted is handled, what was published is sent.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$observer = Connect-NasPubSub $Server -Namespace shutdown -Name observer
$results = Register-NasSubscription results -Connection $observer

$worker = Connect-NasPubSub $Server -Namespace shutdown -Name worker
try {
    $job = Register-NasSubscription work { [System.Threading.Thread]::Sleep(2); Publish-NasMessage results "done $($_.Text)" } -Connection $worker
    1..20 | Publish-NasMessage work -Connection $worker
}
finally {
    # In this order: no new work, what came is finished, what it published is sent.
    $job | Unregister-NasSubscription
    $worker | Disconnect-NasPubSub
}

"Job: $($job.State), connection: $($worker.State)"
"Results: $(@($results | Receive-NasMessage -Count 20 -Timeout 10).Count) of 20"
Disconnect-NasPubSub -All
