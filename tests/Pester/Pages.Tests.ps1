# Runs README.md and docs/*.md as a reader uses them: every PowerShell block in a new shell, every C# block compiled.
BeforeDiscovery {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $pages = @('README.md', 'src/NasPubSub.Client/README.md', 'src/NasPubSub.JetStream/README.md') + (Get-ChildItem (Join-Path $root docs) -Filter *.md | ForEach-Object { "docs/$($_.Name)" })
    $fenced = @($pages | Where-Object { Select-String -Path (Join-Path $root $_) -Pattern '^```powershell$' -Quiet })
    $sharp = foreach ($page in $pages) {
        $text = [IO.File]::ReadAllText((Join-Path $root $page)).Replace("`r", '')
        $code = [regex]::Matches($text, '(?m)(?<!^<!-- not compiled: \S.* -->\n)^```csharp\n([\s\S]*?)\n```$').ForEach({ $_.Groups[1].Value })
        if ($code) { @{ Page = $page; Code = @($code) } }
    }
}

BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $shell = & (Join-Path $PSScriptRoot '../../tools/Get-ShellPath.ps1')
    if (-not $env:NATS_SERVER) { $env:NATS_SERVER = & (Join-Path $root tools/Get-NatsServer.ps1) }

    # The module is installed, as the pages assume. A page can write files to the current folder.
    $modules = Join-Path $TestDrive modules
    $installed = Join-Path $modules NasPubSub
    $null = New-Item $installed -ItemType Directory
    $from = if ($env:NAS_MODULE_FOLDER) { $env:NAS_MODULE_FOLDER } else { $root }
    'NasPubSub.psd1', 'module', 'bin', 'en-US' | ForEach-Object { Copy-Item (Join-Path $from $_) $installed -Recurse }

    function Invoke-InShell([string] $File, [string[]] $Rest) {
        # In Windows PowerShell, each line that a program writes to stderr is an error.
        $ErrorActionPreference = 'Continue'
        $before = $env:PSModulePath
        $env:PSModulePath = $modules + [IO.Path]::PathSeparator + (Join-Path $PSHOME Modules)
        Push-Location $installed
        try { & $shell -NoProfile -NonInteractive -File $File @Rest 2>&1 | Out-String -Width 200 }
        finally {
            Pop-Location
            $env:PSModulePath = $before
        }
    }
}

# Whoever opens README.md for the first time installs the module, or builds a checkout, and pastes the first block.
Describe 'The first block of README.md' {
    BeforeAll {
        $readme = [IO.File]::ReadAllText((Join-Path $root README.md)).Replace("`r", '')
        $lines = [regex]::Match($readme, '(?m)^```powershell\n([\s\S]*?)\n```$').Groups[1].Value.Split("`n")
        # PSReadLine reports an error of its own for each line that does not come from a terminal.
        $typed = $lines + '"errors: $(@($Error | Where-Object ScriptStackTrace -NotLike ''*PSReadLine*'').Count)"' + 'exit'
        $escapes = "$([char]27)\[[?\d;]*[a-z]"
    }

    It 'has ten lines' { $lines | Should -HaveCount 10 }

    It 'works pasted line by line where the module is installed' {
        $before = $env:PSModulePath
        $env:PSModulePath = $modules + [IO.Path]::PathSeparator + (Join-Path $PSHOME Modules)
        try { $said = $typed | & $shell -NoProfile -Command - 2>&1 | Out-String -Width 200 }
        finally { $env:PSModulePath = $before }
        $said -replace $escapes | Should -Match '(?m)^42\r?\n[\s\S]*^errors: 0\r?$'
    }

    It 'works pasted line by line into the shell that README.md opens in a checkout' -Skip:(
        $env:NAS_MODULE_FOLDER -or -not (Get-Command bash -CommandType Application -ErrorAction Ignore) -or $env:OS) {
        $open = [regex]::Match($readme, '(?m)^tools/pwsh .+$').Value
        $said = $typed | bash -c "cd '$root' && $open" 2>&1 | Out-String -Width 200
        $said -replace $escapes | Should -Match '(?m)^42\r?\n[\s\S]*^errors: 0\r?$'
    }

    It 'is what the picture shows' {
        $picture = [xml](Get-Content (Join-Path $root docs/images/first-messages.svg) -Raw)
        $shown = @($picture.svg.text) | Group-Object y | ForEach-Object { ($_.Group.'#text' -join '') -replace '\s' }
        $shown | Should -Contain 'PS>$server=Start-NasServer'
        foreach ($line in $lines) { $shown | Should -Contain ("PS>$line" -replace '\s') }
    }
}

Describe 'The pages' {
    It 'of <_> do what they say' -ForEach $fenced {
        $rest = @(Join-Path $root $_) + @(if ($PSEdition -ne 'Core') { '-KnownOnly' })
        $said = Invoke-InShell (Join-Path $root tests/Pages/Invoke-Page.ps1) $rest
        $LASTEXITCODE | Should -Be 0 -Because $said
        $said | Should -Match ': [1-9]\d* run, \d+ parsed only'
    }

    It 'of <Page> hold C# that compiles' -ForEach $sharp -Skip:($PSEdition -ne 'Core') {
        $usings = 'System', 'System.Collections.Generic', 'System.Linq', 'System.Threading', 'System.Threading.Tasks', 'NasPubSub', 'NasPubSub.JetStream'
        $number = 0
        $methods = foreach ($block in $Code) { "static async Task Block$((++$number))() { await Task.Yield();`n$block`n}" }
        Set-Content (Join-Path $TestDrive Page.cs) (@($usings -replace '.+', 'using $0;') + 'public static class Page {' + $methods + '}')
        $file = Join-Path $TestDrive compile.ps1
        Set-Content $file @"
`$ErrorActionPreference = 'Stop'
`$references = @((Get-ChildItem `$PSHOME/ref/*.dll).FullName) + (Get-ChildItem '$(Join-Path $installed bin/net8.0/NasPubSub.*.dll)').FullName
Add-Type -Path '$(Join-Path $TestDrive Page.cs)' -ReferencedAssemblies `$references -IgnoreWarnings -WarningAction SilentlyContinue
"@
        $said = Invoke-InShell $file
        $LASTEXITCODE | Should -Be 0 -Because $said
    }

    It 'find their links: <_>' -ForEach $pages {
        $folder = Split-Path (Join-Path $root $_)
        foreach ($link in Select-String -Path (Join-Path $root $_) -Pattern '\]\((?!https?:|#)([^)#\s,]+)[)#]' -AllMatches) {
            foreach ($match in $link.Matches) { Join-Path $folder $match.Groups[1].Value | Should -Exist }
        }
    }
}
