# Scripts that run as services: what signals, and a service manager, make of a real process.
BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $manifest = Join-Path $(if ($env:NAS_MODULE_FOLDER) { $env:NAS_MODULE_FOLDER } else { $root }) NasPubSub.psd1
    Import-Module $manifest -Force
    $server = Start-NasServer
    $null = Connect-NasPubSub $server.Url -NoNamespace
    $log = Register-NasSubscription log
    $shell = & (Join-Path $root tools/Get-ShellPath.ps1)

    $started = [Collections.Generic.List[Diagnostics.Process]]::new()

    # Starts a script as a service would: its own process, without a terminal. It writes to the subject log.
    function Start-Daemon([string] $Script, [hashtable] $Environment = @{}, [string] $Url = $server.Url) {
        $file = Join-Path $TestDrive "$([guid]::NewGuid()).ps1"
        Set-Content $file @"
`$ErrorActionPreference = 'Stop'
if (`$PSStyle) { `$PSStyle.OutputRendering = 'PlainText' }
Import-Module '$manifest'
`$null = Connect-NasPubSub $Url -NoNamespace
$Script
"@
        $start = [Diagnostics.ProcessStartInfo]::new($shell)
        foreach ($argument in '-NoProfile', '-File', $file) { $start.ArgumentList.Add($argument) }
        foreach ($name in $Environment.Keys) { $start.Environment[$name] = $Environment[$name] }
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $process = [Diagnostics.Process]::Start($start)
        $process.StandardInput.Close()
        $started.Add($process)
        [pscustomobject]@{ Process = $process; Out = $process.StandardOutput.ReadToEndAsync(); Err = $process.StandardError.ReadToEndAsync() }
    }

    # The script says which process it is: pwsh on PATH may be a launcher.
    $setup = 'Publish-NasMessage log "pid $PID" -Flush'

    function Read-Log([int] $Count) { $log | Receive-NasMessage -Count $Count -Timeout 30 -As Text }

    function Read-Id { [int]((Read-Log 1) -split ' ')[1] }

    function Send-Signal([string] $Signal, [int] $Id) {
        # 0 would mean every process of this group.
        $Id | Should -BeGreaterThan 1
        & /bin/kill "-$Signal" $Id
    }

    function Complete-Daemon($Daemon) {
        try {
            $Daemon.Process.WaitForExit(30000) | Should -BeTrue
            [pscustomobject]@{ ExitCode = $Daemon.Process.ExitCode; Out = $Daemon.Out.Result; Err = $Daemon.Err.Result }
        }
        finally {
            if (-not $Daemon.Process.HasExited) { $Daemon.Process.Kill($true) }
        }
    }

    # A service manager's end of the notify protocol.
    function New-NotifySocket([string] $Path) {
        $socket = [Net.Sockets.Socket]::new('Unix', 'Dgram', 'Unspecified')
        $socket.ReceiveTimeout = 20000
        $socket.Bind([Net.Sockets.UnixDomainSocketEndPoint]::new(($Path -replace '^@', "`0")))
        $socket
    }

    function Receive-Notification([Net.Sockets.Socket] $Socket) {
        $buffer = [byte[]]::new(4096)
        [Text.Encoding]::UTF8.GetString($buffer, 0, $Socket.Receive($buffer))
    }

    # Handles messages slowly enough that a signal finds some waiting.
    $work = @'
$job = Register-NasSubscription work { Start-Sleep -Milliseconds 20; Publish-NasMessage log "did $($_.Text)"; if ($_.Text -eq 'kill') { & /bin/kill -TERM $PID } }
'@
}

AfterAll {
    # Those of tests that failed.
    $started | Where-Object HasExited -EQ $false | ForEach-Object { $_.Kill($true) }
    Disconnect-NasPubSub
    $server | Stop-NasServer
    Remove-Module NasPubSub
}

Describe 'A script that waits for its subscriptions' -Skip:($IsWindows -or $PSEdition -ne 'Core') {
    It 'handles all that came and exits 0 when an action gets SIGTERM' {
        $daemon = Start-Daemon "$work; 1, 'kill', 3, 4, 5 | Publish-NasMessage work; `$job | Wait-NasSubscription; 'the end'"
        $end = Complete-Daemon $daemon
        $end.ExitCode | Should -Be 0 -Because $end.Err
        $end.Out | Should -BeLike '*the end*'
        Read-Log 5 | Should -Be 'did 1', 'did kill', 'did 3', 'did 4', 'did 5'
    }

    It 'stops in order at SIGINT' {
        $daemon = Start-Daemon "$work; $setup; Wait-NasSubscription; 'the end'"
        $id = Read-Id
        1..5 | Publish-NasMessage work -Flush
        $seen = Read-Log 1
        Send-Signal INT $id
        $end = Complete-Daemon $daemon
        $end.ExitCode | Should -Be 0 -Because $end.Err
        $end.Out | Should -BeLike '*the end*'
        @($seen; Read-Log 4) | Should -Be (1..5 -replace '^', 'did ')
    }

    It 'reports how many messages are left when an action hangs' {
        $daemon = Start-Daemon "`$job = Register-NasSubscription work { Publish-NasMessage log hangs; Start-Sleep 60 }; $setup; `$job | Wait-NasSubscription -StopTimeout 500ms"
        $id = Read-Id
        1..3 | Publish-NasMessage work -Flush
        Read-Log 1 | Should -Be 'hangs'
        Send-Signal TERM $id
        $end = Complete-Daemon $daemon
        $end.ExitCode | Should -Be 1
        $end.Err | Should -BeLike '*within 0.5 s: 3 messages*'
    }

    It 'ends at once at a second signal, with its exit code' {
        $codes = @{ TERM = 143; INT = 130 }
        $daemons = @{}
        foreach ($signal in $codes.Keys) {
            $daemons[$signal] = Start-Daemon "`$null = Register-NasSubscription hang.$signal { Publish-NasMessage log `"$signal `$PID`"; Start-Sleep 60 }; `$null = Register-NasSubscription there.$signal; Publish-NasMessage hang.$signal; Wait-NasSubscription -StopTimeout 50; 'the end'"
        }
        $ids = @{}
        foreach ($line in Read-Log 2) {
            $signal, $ids[$signal] = $line -split ' '
        }
        foreach ($signal in $codes.Keys) {
            Send-Signal $signal $ids[$signal]
            # The first signal has arrived when its subscriptions are gone.
            $watch = [Diagnostics.Stopwatch]::StartNew()
            do { $null = Invoke-NasRequest "there.$signal" x -Timeout 0.05 -ErrorAction SilentlyContinue -ErrorVariable why }
            until ($why.FullyQualifiedErrorId -like 'NoResponders*' -or $watch.Elapsed.TotalSeconds -gt 20)
            $watch.Restart()
            Send-Signal $signal $ids[$signal]
            $end = Complete-Daemon $daemons[$signal]
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 5
            $end.ExitCode | Should -Be $codes[$signal]
            $end.Out | Should -Not -BeLike '*the end*'
        }
    }

    It 'waits through a lost connection' {
        $own = Start-NasServer
        $path = "/tmp/nas-$([guid]::NewGuid())"
        $manager = New-NotifySocket $path
        $daemon = Start-Daemon "$work; `$job | Wait-NasSubscription; 'the end'" @{ NOTIFY_SOCKET = $path } $own.Url
        $there = Connect-NasPubSub $own.Url -NoNamespace -Name there
        $did = Register-NasSubscription log -Connection there
        try {
            $address = "nats://$(([uri]$own.Url).Authority)"
            Receive-Notification $manager | Should -Be "READY=1`nSTATUS=Connected to $address"
            Publish-NasMessage work before -Connection there
            $did | Receive-NasMessage -Count 1 -Timeout 20 -As Text | Should -Be 'did before'
            $own | Stop-NasServer
            $own = Start-NasServer -Port $own.Port
            Wait-NasConnection 20 -Connection there
            Receive-Notification $manager | Should -Be "STATUS=Connecting to $address"
            Receive-Notification $manager | Should -Be "STATUS=Connected to $address"
            Publish-NasMessage work kill -Connection there
            $did | Receive-NasMessage -Count 1 -Timeout 20 -As Text | Should -Be 'did kill'
            $end = Complete-Daemon $daemon
            $end.ExitCode | Should -Be 0 -Because $end.Err
            $end.Out | Should -BeLike '*the end*'
        }
        finally {
            $manager.Dispose()
            Disconnect-NasPubSub there
            $own | Stop-NasServer
        }
    }

    It 'stops in order before a thread of its process ends that' {
        $daemon = Start-Daemon "$work; 1..3 | Publish-NasMessage work -Flush; `$null = Start-ThreadJob { [Environment]::Exit(5) }; Wait-NasSubscription"
        (Complete-Daemon $daemon).ExitCode | Should -Be 5
        Read-Log 3 | Should -Be 'did 1', 'did 2', 'did 3'
    }

    It 'goes on when its subscriptions have had -MaxMessages' {
        $daemon = Start-Daemon "`$job = Register-NasSubscription work -MaxMessages 2 { Publish-NasMessage log `$_.Text }; 1..2 | Publish-NasMessage work; `$job | Wait-NasSubscription; 'the end'"
        $end = Complete-Daemon $daemon
        $end.ExitCode, $end.Err, $end.Out.Trim() | Should -Be 0, '', 'the end'
        Read-Log 2 | Should -Be '1', '2'
    }
}

Describe 'The example of a daemon' -Skip:($IsWindows -or $PSEdition -ne 'Core') {
    It 'finishes its orders at SIGTERM, and has a unit that systemd takes' {
        $null = Connect-NasPubSub $server.Url -Namespace shop -Name shop
        $path = "/tmp/nas-$([guid]::NewGuid())"
        $manager = New-NotifySocket $path
        try {
            $daemon = Start-Daemon "Disconnect-NasPubSub; Publish-NasMessage log `"pid `$PID`" -Raw; & '$root/examples/daemon.ps1'" @{ NATS_URL = $server.Url; NOTIFY_SOCKET = $path }
            $id = Read-Id
            Receive-Notification $manager | Should -BeLike 'READY=1*'
            (Invoke-NasRequest price @{ article = 'pen'; count = 10 } -As Json -Connection shop).total | Should -Be 12
            $done = Register-NasSubscription orders.done -Connection shop
            1..5 | ForEach-Object { @{ id = $_ } } | Publish-NasMessage orders.new -Connection shop -Flush
            $null = $done | Receive-NasMessage -Count 1 -Timeout 20
            Send-Signal TERM $id
            $end = Complete-Daemon $daemon
            $end.ExitCode | Should -Be 0 -Because $end.Err
            $end.Out | Should -BeLike '*order 5 is done*stopped: 1 requests, 5 orders, 0 failed*'
        }
        finally {
            $manager.Dispose()
            Disconnect-NasPubSub shop
        }
        if (Get-Command systemd-analyze -ErrorAction Ignore) {
            $unit = Join-Path $TestDrive nas-worker.service
            (Get-Content "$root/examples/nas-worker.service" -Raw) -replace '(?m)^ExecStart=\S+', "ExecStart=$shell" | Set-Content $unit
            & systemd-analyze verify $unit 2>&1 | Should -BeNullOrEmpty
        }
    }
}

Describe 'A service manager' -Skip:(-not $IsLinux) {
    It 'hears from a script at an abstract socket' {
        $path = "@nas-$([guid]::NewGuid())"
        $manager = New-NotifySocket $path
        try {
            $daemon = Start-Daemon "$work; `$job | Wait-NasSubscription" @{ NOTIFY_SOCKET = $path; WATCHDOG_USEC = '200000' }
            $address = ([uri]$server.Url).Authority
            Receive-Notification $manager | Should -Be "READY=1`nSTATUS=Connected to nats://$address"
            Receive-Notification $manager | Should -Be 'WATCHDOG=1'
            'kill', 'last' | Publish-NasMessage work
            do { $said = Receive-Notification $manager } while ($said -eq 'WATCHDOG=1')
            $said | Should -Be "STOPPING=1`nSTATUS=Stopping: SIGTERM"
            (Complete-Daemon $daemon).ExitCode | Should -Be 0
            Read-Log 2 | Should -Be 'did kill', 'did last'
        }
        finally {
            $manager.Dispose()
        }
    }
}
