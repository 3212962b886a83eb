# What Get-Help shows, and every example of it, run in one new shell against a server.
BeforeDiscovery {
    $cmdlets = (Get-ChildItem "$PSScriptRoot/../../docs/en-US" -Filter *-*.md).BaseName
}

BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $shell = & (Join-Path $PSScriptRoot '../../tools/Get-ShellPath.ps1')
    $from = if ($env:NAS_MODULE_FOLDER) { $env:NAS_MODULE_FOLDER } else { $root }
    Import-Module (Join-Path $from NasPubSub.psd1) -Force
}

AfterAll { Remove-Module NasPubSub }

Describe 'The help' {
    It 'of <_> says something of everything' -ForEach $cmdlets {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.description.Text | Should -Not -BeNullOrEmpty
        # What Get-Help -Online opens: the page itself, by its name.
        $online = (Get-Command $_).HelpUri
        $online | Should -Be "https://github.com/naspubsub/naspubsub/blob/main/docs/en-US/$_.md"
        "$($help.relatedLinks.navigationLink.uri)".Trim() | Should -Be $online
        @($help.examples.example).Count | Should -BeGreaterThan 1
        @($help.syntax.syntaxItem).Count | Should -Be (Get-Command $_).ParameterSets.Count
        foreach ($name in (Get-Command $_).Parameters.Keys) {
            if ($name -in [Management.Automation.Cmdlet]::CommonParameters) { continue }
            (Get-Help $_ -Parameter $name).description.Text | Should -Not -BeNullOrEmpty -Because "-$name"
        }
    }

    It 'has <_>' -ForEach 'about_NasPubSub', 'about_NasPubSub_Namespaces', 'about_NasPubSub_Subscriptions', 'about_NasPubSub_Errors', 'about_NasPubSub_Performance', 'about_NasPubSub_JetStream' {
        $text = Get-Help $_ | Out-String
        $text | Should -Match 'SHORT DESCRIPTION\s+\w'
        ($text -split '\r?\n' | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'has examples that run' {
        $server = Start-NasServer -JetStream
        try {
            $script = Join-Path $TestDrive examples.ps1
            Set-Content $script @"
Import-Module '$(Join-Path $from NasPubSub.psd1)'
`$env:NATS_URL = '$($server.Url)'
foreach (`$page in Get-ChildItem '$(Join-Path $root docs/en-US)' -Filter *.md) {
    & '$(Join-Path $root tests/Pages/Invoke-Page.ps1)' `$page.FullName $(if ($PSEdition -ne 'Core') { '-KnownOnly' })
    Disconnect-NasPubSub -All
    Get-NasStream | Remove-NasStream -Confirm:`$false
    Disconnect-NasPubSub -All
    Get-Job | Remove-Job -Force
}
"@
            # In Windows PowerShell, each line that a program writes to stderr is an error.
            $ErrorActionPreference = 'Continue'
            $said = & $shell -NoProfile -NonInteractive -File $script 2>&1 | Out-String -Width 200
            $LASTEXITCODE | Should -Be 0 -Because $said
            [regex]::Matches($said, ': [1-9]\d* run, 0 parsed').Count | Should -BeGreaterThan 15 -Because $said
        }
        finally { $server | Stop-NasServer }
    }
}
