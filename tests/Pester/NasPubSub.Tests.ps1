# Tests that need the real shell: its own cmdlets, processes and exit codes.
BeforeDiscovery {
    # The rows of the table, in its order. A new process takes most of a second, so not every cell is run: 0 is -Command,
    # 2 is -File, and 1 and 3 are the same with Stop.
    $denied = 'Publish-NasMessage no.1 x -Raw'
    $scripts = @(
        @{ Script = $denied; Says = 'denied the'; Columns = 0..3 }
        @{ Script = "$denied; 'went on'"; Says = 'denied the'; Columns = 0, 3 }
        @{ Script = 'Invoke-NasRequest nobody x -Raw'; Says = 'Nobody answers'; Columns = @(0) }
        @{ Script = '$s = Register-NasSubscription mute; Invoke-NasRequest mute x -Timeout 0.2'; Says = 'No reply'; Columns = @(0) }
        @{ Script = "`$j = Register-NasSubscription svc -Reply { throw 'no stock' }; Invoke-NasRequest svc x"; Says = 'no stock'; Columns = 0, 3 }
        @{ Script = '$null = Connect-NasPubSub nats://127.0.0.1:1'; Says = 'cannot be reached'; Columns = @(3) }
        @{ Script = "Publish-NasMessage 'a b' x"; Says = 'not valid'; Columns = @(2) }
        @{ Script = "Publish-NasMessage 'a b' x; 'went on'"; Says = 'not valid'; Columns = @(1) }
        @{ Script = "`$null = Connect-NasPubSub; $denied; Disconnect-NasPubSub"; Says = 'denied the'; Columns = @(0) }
        @{ Script = "`$null = Connect-NasPubSub; $denied"; Says = ''; Columns = @(3) }
    )
    $page = Get-Content "$PSScriptRoot/../../docs/en-US/about_NasPubSub_Errors.md"
    $rows = @($page | Where-Object { $_ -match '^\| (?<kind>\w.*?) +\| (\d) +\| (\d) +\| (\d) +\| (\d) +\|$' } | ForEach-Object {
            # The page has -c, -File, and each with Stop.
            @{ Kind = $Matches.kind; Codes = [int]$Matches[1], [int]$Matches[3], [int]$Matches[2], [int]$Matches[4] }
        })
    if ($rows.Count -ne $scripts.Count) { throw "The table has $($rows.Count) rows, the test $($scripts.Count)." }
    $exits = foreach ($i in 0..($rows.Count - 1)) { $rows[$i] + $scripts[$i] }
}

BeforeAll {
    # The checkout, or the package that NAS_MODULE_FOLDER names.
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $manifest = Join-Path $(if ($env:NAS_MODULE_FOLDER) { $env:NAS_MODULE_FOLDER } else { $root }) NasPubSub.psd1
    Import-Module $manifest -Force
    $server = Start-NasServer
    $nas = Connect-NasPubSub $server.Url -Namespace pester
    $shell = & (Join-Path $PSScriptRoot '../../tools/Get-ShellPath.ps1')

    # Runs a script in a new shell, with the module and a session; gives its output and exit code.
    function Invoke-NewShell([string] $Script, [string] $Namespace = 'pester') {
        # In Windows PowerShell, each line that a program writes to stderr is an error.
        $ErrorActionPreference = 'Continue'
        $lines = & $shell -NoProfile -NonInteractive -c "if (`$PSStyle) { `$PSStyle.OutputRendering = 'PlainText' }; Import-Module '$manifest'; `$null = Connect-NasPubSub $($server.Url) -Namespace $Namespace; $Script" 2>&1
        [pscustomobject]@{ Output = @($lines); ExitCode = $LASTEXITCODE }
    }
}

AfterAll {
    Disconnect-NasPubSub -All
    $server | Stop-NasServer
    Remove-Module NasPubSub
}

Describe 'The pipeline' {
    BeforeEach { $sub = Register-NasSubscription '>' }
    AfterEach { $sub | Unregister-NasSubscription }

    It 'binds rows of a CSV file by name' {
        $file = Join-Path $TestDrive rows.csv
        Set-Content $file "Subject,Payload,ReplyTo`na.1,one,back`na.2,two,"
        Import-Csv $file | Publish-NasMessage
        $seen = $sub | Receive-NasMessage -Count 2 -Timeout 5
        $seen.Subject | Should -Be 'a.1', 'a.2'
        $seen.Text | Should -Be 'one', 'two'
        $seen[0].ReplyTo | Should -Be 'back'
        $seen[1].ReplyTo | Should -BeNullOrEmpty
    }

    It 'sends processes as JSON and gives objects with the same properties back' {
        $sent = Get-Process -Id $PID
        $sent | Publish-NasMessage procs
        $got = $sub | Receive-NasMessage -Count 1 -Timeout 20 -As Json
        $got.Id | Should -Be $PID
        $got.ProcessName | Should -Be $sent.ProcessName
        $got.PSObject.Properties.Name | Should -Contain 'WorkingSet64'
    }

    It 'sends what type data adds to custom objects' {
        $made = [pscustomobject]@{ A = 1 }
        try {
            Update-TypeData -TypeName System.Management.Automation.PSCustomObject -MemberType ScriptProperty -MemberName B -Value { $this.A + 1 }
            $made | Publish-NasMessage made
        }
        finally {
            Remove-TypeData -TypeName System.Management.Automation.PSCustomObject
        }
        $made | Select-Object A | Publish-NasMessage made
        $sub | Receive-NasMessage -Count 2 -Timeout 5 -As Text | Should -Be '{"A":1,"B":2}', '{"A":1}'
    }

    It 'filters and forwards' {
        1..10 | Publish-NasMessage n
        $sub | Receive-NasMessage -Count 10 -Timeout 5 | Where-Object { [int]$_.Text % 5 -eq 0 } | Publish-NasMessage -Subject forwarded
        ($sub | Receive-NasMessage -Count 2 -Timeout 5).Text | Should -Be '5', '10'
    }

    It 'follows a growing file' -Skip:($PSEdition -ne 'Core') {
        $file = Join-Path $TestDrive grow.log
        Set-Content $file 'first'
        $tail = Start-ThreadJob { Import-Module $using:manifest; Get-Content $using:file -Wait | Publish-NasMessage logs -Connection $using:nas }
        try {
            ($sub | Receive-NasMessage -Count 1 -Timeout 20).Text | Should -Be 'first'
            Add-Content $file 'second'
            ($sub | Receive-NasMessage -Count 1 -Timeout 20).Text | Should -Be 'second'
        }
        finally {
            $tail | Stop-Job -PassThru | Remove-Job -Force
        }
    }

    It 'takes a subject of each object from a script block' {
        Get-Verb Get, Set | Publish-NasMessage -Subject { "verb.$($_.Verb)" }
        ($sub | Receive-NasMessage -Count 2 -Timeout 5).Subject | Should -Be 'verb.Get', 'verb.Set'
    }

    It 'publishes a message again that went through a file, a job or JSON' -Skip:($PSEdition -ne 'Core') {
        Publish-NasMessage a ([byte[]](0, 200)) -Header @{ T = 'x' }
        $m = $sub | Receive-NasMessage -Count 1 -Timeout 5
        $file = Join-Path $TestDrive m.xml
        $m | Export-Clixml $file
        $fromJob = Start-Job { $using:m } | Receive-Job -Wait -AutoRemoveJob
        $fromJson = $m | ConvertTo-Json -WarningAction Ignore | ConvertFrom-Json
        (Import-Clixml $file), $fromJob, $fromJson | Publish-NasMessage
        $sub | Receive-NasMessage -Count 3 -Timeout 5 | ForEach-Object { "$($_.Payload) $($_.Headers)" } | Should -Be '0 200 T=x', '0 200 T=x', '0 200 T=x'
        ($fromJob | Out-String).Trim() | Should -Be ($m | Out-String).Trim()
    }

    It 'takes a timeout in seconds under a mock' {
        Mock Receive-NasMessage { $Timeout }
        [timespan](Receive-NasMessage a -Timeout 5) | Should -Be ([timespan]'00:00:05')
        [timespan](Receive-NasMessage a -Timeout 500ms) | Should -Be ([timespan]'00:00:00.5')
        Should -Invoke Receive-NasMessage -Times 1 -Exactly -ParameterFilter { $Timeout -eq 5 }
    }

    It 'shares one connection among parallel runspaces' -Skip:($PSEdition -ne 'Core') {
        1..20 | ForEach-Object -Parallel {
            Import-Module $using:manifest
            1..100 -replace '^', "$_-" | Publish-NasMessage parallel -Connection $using:nas
        } -ThrottleLimit 20
        $nas.IsConnected | Should -BeTrue
        $texts = ($sub | Receive-NasMessage -Count 2000 -Timeout 20).Text
        ($texts | Sort-Object -Unique).Count | Should -Be 2000
        foreach ($n in 1..20) { @($texts -like "$n-*").ForEach({ [int]($_ -split '-')[1] }) | Should -Be (1..100) }
    }
}

Describe 'Ending' {
    It 'ends at once when a cmdlet behind it has enough, and leaves no subscription' -Skip:($PSEdition -ne 'Core') {
        $feed = Start-ThreadJob { Import-Module $using:manifest; while ($true) { 'x' | Publish-NasMessage a.b -Connection $using:nas; Start-Sleep -Milliseconds 10 } }
        try {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            (Receive-NasMessage 'a.>' -Count 10 | Select-Object -First 3).Count | Should -Be 3
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 5
            Get-NasSubscription | Should -BeNullOrEmpty
        }
        finally {
            $feed | Stop-Job -PassThru | Remove-Job -Force
        }
    }

    It 'leaves no thread and no socket behind' {
        $result = Invoke-NewShell @'
            $before = (Get-Process -Id $PID).Threads.Count
            $jobs = 1..5 | ForEach-Object { Register-NasSubscription "s.$_" -Action { $_.Text } }
            1..5 | ForEach-Object { Publish-NasMessage "s.$_" x }
            $nas = Get-NasConnection
            Remove-Module NasPubSub
            "$($nas.State)"
            $until = [datetime]::UtcNow.AddSeconds(10)
            do { $after = (Get-Process -Id $PID).Threads.Count } until ($after -le $before + 6 -or [datetime]::UtcNow -gt $until)
            "threads $($after -le $before + 6)"
'@
        $result.Output | Should -Be 'Closed', 'threads True'
    }
}

Describe 'Processes' {
    BeforeAll {
        $config = Join-Path $TestDrive guarded.conf
        Set-Content $config 'authorization { users: [ { user: u, password: p, permissions: { publish: { deny: "no.>" } } } ] }'
        $guard = Start-NasServer -ConfigFile $config
        $guarded = $guard.Url.Replace('//', '//u:p@')
    }

    AfterAll { $guard | Stop-NasServer }

    It 'delivers what was published just before the process ends' {
        $sub = Register-NasSubscription out
        (Invoke-NewShell '1..1000 | Publish-NasMessage out').ExitCode | Should -Be 0
        ($sub | Receive-NasMessage -Count 1000 -Timeout 20 -As Text) | Should -Be (1..1000)
        $sub | Unregister-NasSubscription
    }

    It 'delivers 100,000 in order' {
        $sub = Register-NasSubscription load
        $result = & $shell -NoProfile -NonInteractive -c "`$env:NATS_URL = '$($server.Url)'; Import-Module '$manifest'; `$null = Connect-NasPubSub -Namespace pester; 1..100000 | Publish-NasMessage load; Disconnect-NasPubSub" 2>&1
        $LASTEXITCODE | Should -Be 0 -Because "$result"
        $i = 0
        $wrong = 0
        $sub | Receive-NasMessage -Count 100000 -Timeout 60 -As Text | ForEach-Object { if ($_ -ne "$((++$i))") { $wrong++ } }
        $i, $wrong | Should -Be 100000, 0
        $sub | Unregister-NasSubscription
    }

    It 'exits as the table in about_NasPubSub_Errors says when a script <Kind>' -ForEach $exits {
        $stop = "`$ErrorActionPreference = 'Stop'; "
        $cells = foreach ($column in $Columns) {
            $text = "Import-Module '$manifest'; $(if ($column % 2) { $stop })`$env:NATS_URL = '$guarded'; $Script"
            $start = [Diagnostics.ProcessStartInfo]::new($shell)
            if ($column -lt 2) {
                # Encoded, since Windows PowerShell has no list of arguments.
                $start.Arguments = '-NoProfile -NonInteractive -EncodedCommand ' + [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($text))
            }
            else {
                $file = Join-Path $TestDrive "exit$column.ps1"
                Set-Content $file $text
                $start.Arguments = "-NoProfile -NonInteractive -File `"$file`""
            }
            $start.UseShellExecute = $false
            $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
            $process = [Diagnostics.Process]::Start($start)
            $process.StandardInput.Close()
            [pscustomobject]@{ Column = $column; Process = $process; Out = $process.StandardOutput.ReadToEndAsync(); Err = $process.StandardError.ReadToEndAsync() }
        }
        foreach ($cell in $cells) {
            $cell.Process.WaitForExit(60000) | Should -BeTrue
            $shown = $cell.Out.Result + $cell.Err.Result
            $cell.Process.ExitCode | Should -Be $Codes[$cell.Column] -Because "column $($cell.Column): $shown"
            $shown | Should -Match $Says
            if ($cell.Column % 2) { $shown | Should -Not -Match 'went on' }
            $cell.Process.Dispose()
        }
    }

    It 'exits 0 when a reply came' {
        $job = Register-NasSubscription echo -Action { "re: $($_.Text)" } -Reply
        $result = Invoke-NewShell 'Invoke-NasRequest echo hi -As Text'
        $result.Output | Should -Be 're: hi'
        $result.ExitCode | Should -Be 0
        $job | Unregister-NasSubscription
        $job | Remove-Job
    }
}

Describe 'Jobs' {
    It 'are jobs like others' {
        $who = 'pester'
        $job = Register-NasSubscription work -MaxMessages 3 -Action { "$($_.Text) for $using:who"; Write-Warning 'w'; if ($_.Text -eq '2') { throw 'two' } }
        1..3 | Publish-NasMessage work
        Get-Job -Id $job.Id | Wait-Job -Timeout 20 | Should -Not -BeNullOrEmpty
        $output = $job | Receive-Job -Keep -ErrorAction SilentlyContinue -ErrorVariable problems -WarningAction SilentlyContinue
        $output | Should -Be '1 for pester', '2 for pester', '3 for pester'
        "$problems" | Should -BeLike '*two*'
        $job | Remove-Job
        Get-Job -Id $job.Id -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
}

Describe 'The module' {
    It 'exports what it has, with approved verbs' {
        $commands = Get-Command -Module NasPubSub
        $commands.Name | Should -Not -BeNullOrEmpty
        foreach ($command in $commands) { (Get-Verb $command.Verb).Verb | Should -Be $command.Verb }
        (Test-ModuleManifest $manifest).ExportedCmdlets.Keys | Sort-Object | Should -Be ($commands.Name | Sort-Object)
    }

    It 'is silent under PSScriptAnalyzer' -Skip:(-not (Get-Module PSScriptAnalyzer -ListAvailable)) {
        $settings = Join-Path $root tools/PSScriptAnalyzerSettings.psd1
        $found = foreach ($place in 'NasPubSub.psd1', 'build.ps1', 'examples', 'tools', 'tests') {
            Invoke-ScriptAnalyzer (Join-Path $root $place) -Recurse -Settings $settings
        }
        $found | ForEach-Object { "$($_.ScriptName):$($_.Line) $($_.RuleName)" } | Should -BeNullOrEmpty
    }

    It 'completes sessions, contexts and encodings' {
        $null = Connect-NasPubSub $server.Url -Name completed -Namespace pester
        $typed = 'Publish-NasMessage a b -Connection comp', 'Publish-NasMessage a b -Encoding lat'
        $choices = $typed | ForEach-Object { (TabExpansion2 $_ $_.Length).CompletionMatches.ListItemText }
        $choices | Should -Be 'completed', 'latin1'
        Disconnect-NasPubSub completed
    }
}
