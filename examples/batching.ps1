<#
.SYNOPSIS
Batches: the pipeline is one, and so is a batch that goes when it is full.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace batches
$seen = Register-NasSubscription data

# One call for all: messages are gathered and sent in large pieces; -Flush waits for the server to have them.
1..1000 | Publish-NasMessage data -Flush
"Piped: $(@($seen | Receive-NasMessage -Count 1000 -Timeout 10).Count)"

# A publisher that keeps messages back until there are 100 of them.
class BatchPublisher {
    [int] $Size
    [int] $Flushes
    [System.Collections.Generic.List[object]] $Buffer = [System.Collections.Generic.List[object]]::new()

    BatchPublisher([int] $Size) { $this.Size = $Size }

    [void] Publish([string] $Subject, [object] $Payload) {
        $this.Buffer.Add([pscustomobject]@{ Subject = $Subject; Payload = $Payload })
        if ($this.Buffer.Count -ge $this.Size) { $this.Flush() }
    }

    [void] Flush() {
        if ($this.Buffer.Count -eq 0) { return }
        $this.Buffer | Publish-NasMessage -Flush
        $this.Buffer.Clear()
        $this.Flushes++
    }
}

$batch = [BatchPublisher]::new(100)
1..250 | ForEach-Object { $batch.Publish('data', "Item $_") }
$batch.Flush()
"Batches: $($batch.Flushes), messages: $(@($seen | Receive-NasMessage -Count 250 -Timeout 10).Count)"
Disconnect-NasPubSub
