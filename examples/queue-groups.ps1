<#
.SYNOPSIS
Queue groups: each task goes to one of the workers.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$worker1 = Connect-NasPubSub $Server -Namespace tasks -Name worker1
$worker2 = Connect-NasPubSub $Server -Namespace tasks -Name worker2
$publisher = Connect-NasPubSub $Server -Namespace tasks -Name publisher

# Each worker tells what it has done.
$done = Register-NasSubscription done -Connection $publisher
$work = {
    [System.Threading.Thread]::Sleep(20)    # simulated work
    Publish-NasMessage done "$($_.Text) by $((Get-NasConnection).Name)"
}
$jobs = foreach ($worker in $worker1, $worker2) { Register-NasSubscription jobs $work -QueueGroup worker_pool -Connection $worker }

1..10 | ForEach-Object { "Task $_" } | Publish-NasMessage jobs -Connection $publisher

$finished = $done | Receive-NasMessage -Count 10 -Timeout 10 -As Text
$tasks = $finished | ForEach-Object { ($_ -split ' by ')[0] }
"Done: $($tasks.Count) tasks"
1..10 | Where-Object { "Task $_" -notin $tasks } | ForEach-Object { "Task $_ was lost" }

$jobs | Unregister-NasSubscription
Disconnect-NasPubSub -All
