# The example of a test file, as a user runs it: in a new shell, with the module that is under test.
BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $shell = & (Join-Path $root tools/Get-ShellPath.ps1)
    if (-not $env:NATS_SERVER) { $env:NATS_SERVER = & (Join-Path $root tools/Get-NatsServer.ps1) }
    $from = if ($env:NAS_MODULE_FOLDER) { $env:NAS_MODULE_FOLDER } else { $root }
}

Describe 'The example of a test file' {
    It 'passes' {
        $script = Join-Path $TestDrive run.ps1
        Set-Content $script @"
Import-Module '$((Get-Module Pester).Path)'
Import-Module '$(Join-Path $from NasPubSub.psd1)'
`$result = Invoke-Pester '$(Join-Path $root examples/testing)' -PassThru
"passed: `$(`$result.PassedCount), failed: `$(`$result.FailedCount)"
exit `$result.FailedCount + `$result.FailedBlocksCount + `$result.FailedContainersCount
"@
        # In Windows PowerShell, each line that a program writes to stderr is an error.
        $ErrorActionPreference = 'Continue'
        $said = & $shell -NoProfile -NonInteractive -File $script 2>&1 | Out-String -Width 200
        $LASTEXITCODE | Should -Be 0 -Because $said
        $said | Should -Match 'passed: [1-9]\d*, failed: 0'
    }
}
