<#
.SYNOPSIS
A service: answers requests and handles events until the process is told to stop, then finishes what has arrived.
.DESCRIPTION
nas-worker.service runs it under systemd, Containerfile in a container. At a prompt, start it with
pwsh -File examples/daemon.ps1 and stop it with Ctrl+C.
#>
param(
    [string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }),

    # Stops by itself after this time, such as 30 or 5m. Without it the service runs until it is told to stop.
    [string] $Timeout
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) {
    $checkout = "$PSScriptRoot/../NasPubSub.psd1"
    Import-Module $(if (Test-Path $checkout) { $checkout } else { 'NasPubSub' })
}

$null = Connect-NasPubSub $Server -Namespace shop -Name nas-worker

# Several processes share the work by the queue group. What the action outputs is the reply.
$prices = Register-NasSubscription price -QueueGroup workers -Reply -As Json -Action {
    $price = @{ pen = 1.2; book = 9.5 }[$_.article]
    if ($null -eq $price) { throw "There is no article '$($_.article)'." }
    @{ article = $_.article; total = $price * $_.count }
}

# What an action writes to the console is in the journal at once.
$orders = Register-NasSubscription orders.new -QueueGroup workers -As Json -Action {
    Start-Sleep -Milliseconds 20
    [Console]::WriteLine("order $($_.id) is done")
    $_ | Publish-NasMessage orders.done
}

$limit = if ($Timeout) { @{ Timeout = $Timeout } } else { @{} }
$prices, $orders | Wait-NasSubscription -StopTimeout 20 @limit

# All that had arrived is handled. The errors of actions are in their jobs.
"stopped: $($prices.Subscription.Delivered) requests, $($orders.Subscription.Delivered) orders, $($prices.Failed + $orders.Failed) failed"
$prices, $orders | Receive-Job -ErrorAction Continue
Disconnect-NasPubSub
