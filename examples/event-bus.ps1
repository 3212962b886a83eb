<#
.SYNOPSIS
An event bus: several handlers for a kind of event, objects as the data.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

class EventBus {
    [System.Collections.Specialized.OrderedDictionary] $Handlers = [ordered]@{}
    [object] $Connection
    [System.Collections.Generic.List[object]] $Jobs = [System.Collections.Generic.List[object]]::new()

    EventBus([string] $Server) { $this.Connection = Connect-NasPubSub $Server -Namespace events -Name bus }

    [void] On([string] $Kind, [scriptblock] $Handler) { $this.Handlers[$Kind] = @($this.Handlers[$Kind] | Where-Object { $_ }) + $Handler }

    # One subscription for a kind of event; it calls the handlers in turn.
    [void] Start([int] $Count) {
        foreach ($kind in $this.Handlers.Keys) {
            $scripts = @($this.Handlers[$kind] | ForEach-Object { "$_" })
            $this.Jobs.Add((Register-NasSubscription $kind -As Json -MaxMessages $Count -Connection $this.Connection -Action {
                $data = $_
                foreach ($handler in $using:scripts) { & ([scriptblock]::Create($handler)) $data }
            }))
        }
    }

    [void] Emit([string] $Kind, [object] $Data) { Publish-NasMessage $Kind $Data -Connection $this.Connection }

    [void] Stop() { Disconnect-NasPubSub $this.Connection }
}

$bus = [EventBus]::new($Server)
$bus.On('user.registered', { param($data) "Sending welcome email to $($data.email)" })
$bus.On('user.registered', { param($data) "Adding $($data.name) to CRM" })
$bus.On('order.placed', { param($data) "Processing order $($data.order_id)" })
$bus.Start(1)

$bus.Emit('user.registered', @{ name = 'John Doe'; email = 'john@example.com' })
$bus.Emit('order.placed', @{ order_id = 'ORD-123'; amount = 99.99 })

$null = $bus.Jobs | Wait-Job -Timeout 10
$bus.Jobs | ForEach-Object { $_.Output.ReadAll() } | ForEach-Object { "$_" }
$bus.Stop()
