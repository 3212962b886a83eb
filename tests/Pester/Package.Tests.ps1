# The package as a user gets it: copied into a clean module path, found by name, and used.
BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $shell = & (Join-Path $PSScriptRoot '../../tools/Get-ShellPath.ps1')
    # In CI the package was made elsewhere, once.
    if (-not $env:NAS_MODULE_FOLDER) {
        dotnet msbuild (Join-Path $root tools/package.proj) -v:quiet | Out-Host
        if ($LASTEXITCODE) { throw 'The package was not made.' }
    }
    if (-not $env:NATS_SERVER) { $env:NATS_SERVER = & (Join-Path $root tools/Get-NatsServer.ps1) }
    $out = if ($env:NAS_MODULE_FOLDER) { Split-Path $env:NAS_MODULE_FOLDER } else { Join-Path $root out }
    $modules = Join-Path $TestDrive modules
    $null = New-Item $modules -ItemType Directory
    Copy-Item (Join-Path $out NasPubSub) $modules -Recurse

    function Invoke-CleanShell([string] $Script) {
        # In Windows PowerShell each line that a program writes to stderr is an error.
        $ErrorActionPreference = 'Continue'
        $before = $env:PSModulePath
        $env:PSModulePath = $modules + [IO.Path]::PathSeparator + (Join-Path $PSHOME Modules)
        try { & $shell -NoProfile -NonInteractive -c "if (`$PSStyle) { `$PSStyle.OutputRendering = 'PlainText' }; $Script" 2>&1 }
        finally { $env:PSModulePath = $before }
    }
}

Describe 'The package' {
    It 'loads by itself when a cmdlet is used' {
        (Invoke-CleanShell 'Test-NasConnection; (Get-Module NasPubSub).ModuleBase') | Should -Be 'False', (Join-Path $modules NasPubSub)
    }

    It 'runs the quickstart' {
        Copy-Item (Join-Path $root examples/quickstart.ps1) $TestDrive
        $lines = Invoke-CleanShell "Import-Module NasPubSub; & '$(Join-Path $TestDrive quickstart.ps1)'"
        "$lines" | Should -BeLike '*Hello, World!*'
    }

    It 'holds what it needs and no more' {
        $files = Get-ChildItem (Join-Path $modules NasPubSub) -Recurse -File | ForEach-Object { $_.FullName.Substring($modules.Length + 1).Replace('\', '/') }
        $files | Should -Contain 'NasPubSub/LICENSE'
        @($files -like 'NasPubSub/bin/net8.0/*.dll').Count | Should -Be 3
        $files | Should -Contain 'NasPubSub/en-US/NasPubSub.dll-Help.xml'
        $files | Should -Contain 'NasPubSub/en-US/about_NasPubSub.help.txt'
        $files -like '*System.Management.Automation*' | Should -BeNullOrEmpty
    }

    It 'has its help' {
        "$(Invoke-CleanShell '(Get-Help Publish-NasMessage).Synopsis; Get-Help about_NasPubSub')" | Should -Match 'Publishes what comes from the pipeline.*SHORT DESCRIPTION'
    }

    It 'comes as packages for a PowerShell repository and for .NET, with symbols' {
        $names = (Get-ChildItem $out -File).Name
        $names -match '^NasPubSub\.\d.*\.nupkg$' | Should -HaveCount 1
        $names -match '^NasPubSub\.Client\.\d.*\.nupkg$' | Should -HaveCount 1
        $names -match '^NasPubSub\.Client\.\d.*\.snupkg$' | Should -HaveCount 1
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        $zip = [IO.Compression.ZipFile]::OpenRead((Get-ChildItem $out -File | Where-Object Name -Match '^NasPubSub\.\d.*\.nupkg$').FullName)
        try { $inside = $zip.Entries.FullName } finally { $zip.Dispose() }
        # Beside what every package has, it holds what the folder holds, at the same places.
        $own = @($inside -notmatch '^(_rels/|package/|\[Content_Types\]|NasPubSub\.nuspec)' | Sort-Object)
        $folder = Join-Path $modules NasPubSub
        $own | Should -Be @(Get-ChildItem $folder -Recurse -File | ForEach-Object { $_.FullName.Substring($folder.Length + 1).Replace('\', '/') } | Sort-Object)
    }

    It 'is the same whenever it is made' -Skip:([bool] $env:NAS_MODULE_FOLDER) {
        $before = Get-ChildItem $out -File | Get-FileHash
        dotnet msbuild (Join-Path $root tools/package.proj) -v:quiet | Out-Host
        (Get-ChildItem $out -File | Get-FileHash).Hash | Should -Be $before.Hash
    }

    It 'installs from a PowerShell repository' -Skip:(-not (Get-Command Save-PSResource -ErrorAction Ignore)) {
        $name = "nas$PID"
        $feed, $target = (Join-Path $TestDrive feed), (Join-Path $TestDrive installed)
        $null = New-Item $feed, $target -ItemType Directory
        Get-ChildItem $out -File | Where-Object Name -Match '^NasPubSub\.\d.*\.nupkg$' | Copy-Item -Destination $feed
        Register-PSResourceRepository $name $feed -Trusted
        try { Save-PSResource NasPubSub -Repository $name -Path $target -IncludeXml:$false }
        finally { Unregister-PSResourceRepository $name }
        $manifest = Get-ChildItem $target -Recurse -Filter NasPubSub.psd1
        $lines = Invoke-CleanShell "Import-Module '$($manifest.FullName)' -ErrorAction Stop; (Get-Help Publish-NasMessage).Synopsis; & '$(Join-Path $root examples/quickstart.ps1)'"
        "$lines" | Should -BeLike 'Publishes what comes*Hello, World!*'
    }
}
