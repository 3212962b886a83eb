<#
.SYNOPSIS
A first session: starts a nats-server, connects, subscribes, publishes, requests, and shows what came.
#>
$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$server = Start-NasServer
try {
    # A session: the default one of this shell from now on.
    $server | Connect-NasPubSub -Namespace demo -Name quickstart | Out-Default

    # Subscribe, publish text and an object, and read what came.
    $events = Register-NasSubscription 'events.>'
    Publish-NasMessage events.user.login 'User 123 logged in'
    Publish-NasMessage events.order.placed @{ id = 'ORD-123'; amount = 99.99 } -Header @{ Source = 'web' }
    $events | Receive-NasMessage -Count 2 -Timeout 5 | Out-Default

    # A service, its script running in the background, and a request to it.
    $echo = Register-NasSubscription echo { "Echo: $($_.Text)" } -Reply
    Invoke-NasRequest echo 'Hello, World!' | Out-Default

    # Objects go in, objects come out.
    $sum = Register-NasSubscription sum { $_.a + $_.b } -Reply -As Json
    "40 + 2 = $(Invoke-NasRequest sum @{ a = 40; b = 2 } -As Json)"

    $echo, $sum | Unregister-NasSubscription
}
finally {
    Disconnect-NasPubSub
    $server | Stop-NasServer
}
