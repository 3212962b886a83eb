<#
.SYNOPSIS
A work queue: several workers, retries, and dead letters for what fails for good. The server needs JetStream.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace workqueue
$null = New-NasStream EXAMPLE-ORDERS -Subject 'orders.>', 'dead.>' -Storage Memory
$null = New-NasConsumer EXAMPLE-ORDERS billing -Filter 'orders.>'

# Nobody works yet: the stream keeps the orders.
1..5 | ForEach-Object { @{ id = $_; amount = 10 * $_ } } | Publish-NasMessage orders.new -Stream EXAMPLE-ORDERS
@{ id = 6; amount = -1 } | Publish-NasMessage orders.new -Stream EXAMPLE-ORDERS

$worker = Register-NasSubscription -Stream EXAMPLE-ORDERS -Consumer billing -ThrottleLimit 2 `
    -RetryDelay 50ms, 200ms -MaxDeliver 3 -DeadLetter dead.orders -Action {
        $order = $_.Json
        if ($order.amount -lt 0) { throw "Order $($order.id) has a negative amount." }
        # The second worker may be busy, and this one gets the order again.
        if ($order.id -eq 3 -and $_.Delivered -eq 1) { throw 'The bank does not answer.' }
        "Billed order $($order.id), delivery $($_.Delivered)"
    }

$dead = Receive-NasMessage -Stream EXAMPLE-ORDERS -Filter dead.orders -Count 1 -Timeout 30
while ((Get-NasConsumer EXAMPLE-ORDERS billing).AckPending -gt 0) { Start-Sleep -Milliseconds 50 }
$worker | Unregister-NasSubscription
$worker | Receive-Job -ErrorAction Ignore | Sort-Object
"Dead after $($dead.Headers['Nas-Dead-Letter-Deliveries']) deliveries: $($dead.Headers['Nas-Dead-Letter-Detail'])"

Remove-NasStream EXAMPLE-ORDERS -Confirm:$false
Disconnect-NasPubSub
