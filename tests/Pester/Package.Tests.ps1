# Tests the package as a user gets it: copied into a clean module path and found by its name.
BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $shell = & (Join-Path $PSScriptRoot '../../tools/Get-ShellPath.ps1')
    # In CI, another job has built the package.
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
        # In Windows PowerShell, each line that a program writes to stderr is an error.
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
        @($files -like 'NasPubSub/bin/net8.0/*.dll').Count | Should -Be 4
        $files | Should -Contain 'NasPubSub/en-US/NasPubSub.dll-Help.xml'
        $files | Should -Contain 'NasPubSub/en-US/about_NasPubSub.help.txt'
        $files -like '*System.Management.Automation*' | Should -BeNullOrEmpty
    }

    It 'has its help' {
        "$(Invoke-CleanShell '(Get-Help Publish-NasMessage).Synopsis; Get-Help about_NasPubSub')" | Should -Match 'Publishes .*SHORT DESCRIPTION'
    }

    It 'comes as packages for a PowerShell repository and for .NET, with symbols' {
        $names = (Get-ChildItem $out -File).Name
        $names -match '^NasPubSub\.\d.*\.nupkg$' | Should -HaveCount 1
        foreach ($library in 'NasPubSub\.Client', 'NasPubSub\.JetStream') {
            $names -match "^$library\.\d.*\.nupkg$" | Should -HaveCount 1
            $names -match "^$library\.\d.*\.snupkg$" | Should -HaveCount 1
        }
        Add-Type -AssemblyName System.IO.Compression.FileSystem
        $zip = [IO.Compression.ZipFile]::OpenRead((Get-ChildItem $out -File | Where-Object Name -Match '^NasPubSub\.\d.*\.nupkg$').FullName)
        try { $inside = $zip.Entries.FullName } finally { $zip.Dispose() }
        # Beside what every package has, it holds what the folder holds, at the same places.
        $own = @($inside -notmatch '^(_rels/|package/|\[Content_Types\]|NasPubSub\.nuspec)' | Sort-Object)
        $folder = Join-Path $modules NasPubSub
        $own | Should -Be @(Get-ChildItem $folder -Recurse -File | ForEach-Object { $_.FullName.Substring($folder.Length + 1).Replace('\', '/') } | Sort-Object)
    }

    It 'says where it comes from and what changed' {
        $data = (Test-ModuleManifest (Join-Path $modules NasPubSub/NasPubSub.psd1)).PrivateData.PSData
        Join-Path $root ($data.IconUri -replace '.*/main/') | Should -Exist
        Join-Path $root ($data.ReleaseNotes -replace '.*/main/') | Should -Exist
        $data.ProjectUri | Should -BeLike 'https://*'
        $data.Tags | Should -Contain 'PSEdition_Desktop'
        # The package of the repository says the same.
        $zip = [IO.Compression.ZipFile]::OpenRead((Get-ChildItem $out -File | Where-Object Name -Match '^NasPubSub\.\d.*\.nupkg$').FullName)
        try { $spec = [xml]([IO.StreamReader]::new($zip.GetEntry('NasPubSub.nuspec').Open()).ReadToEnd()) } finally { $zip.Dispose() }
        $about = $spec.package.metadata
        $about.projectUrl, $about.iconUrl, $about.releaseNotes | Should -Be $data.ProjectUri, $data.IconUri, $data.ReleaseNotes
        foreach ($tag in $data.Tags) { $about.tags.Split(' ') | Should -Contain $tag }
    }

    It 'holds the C# libraries with their own pages, which a project adds and uses' {
        foreach ($library in 'NasPubSub.Client', 'NasPubSub.JetStream') {
            $zip = [IO.Compression.ZipFile]::OpenRead((Get-ChildItem $out -File | Where-Object Name -Match "^$library\..*\.nupkg$").FullName)
            try {
                $page = [IO.StreamReader]::new($zip.GetEntry('README.md').Open()).ReadToEnd()
                $zip.Entries.FullName | Should -Contain "lib/net8.0/$library.xml"
                $zip.Entries.FullName | Should -Contain "lib/netstandard2.0/$library.dll"
            }
            finally { $zip.Dispose() }
            $page | Should -BeLike "# $library*"
        }
        $project = Join-Path $TestDrive app
        $null = New-Item $project -ItemType Directory
        # What is in the user's folder of packages is used from there; this one comes from the folder of packages alone.
        $cache = if ($env:NUGET_PACKAGES) { $env:NUGET_PACKAGES } else { Join-Path $HOME .nuget/packages }
        $null = New-Item $cache -ItemType Directory -Force
        Set-Content (Join-Path $project app.csproj) @"
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <RestorePackagesPath>$(Join-Path $TestDrive packages)</RestorePackagesPath>
    <RestoreFallbackFolders>$cache</RestoreFallbackFolders>
    <RestoreAdditionalProjectSources>$out</RestoreAdditionalProjectSources>
  </PropertyGroup>
</Project>
"@
        Set-Content (Join-Path $project Program.cs) @'
using NasPubSub;
using NasPubSub.JetStream;
await using var nas = new NasConnection(new NasOptions { Servers = [args[0]] });
await nas.SubscribeAsync("greetings", message => message.ReplyAsync($"Hello, {message.Text}!"));
Console.WriteLine((await nas.RequestAsync("greetings", "World", TimeSpan.FromSeconds(5))).Text);
Console.WriteLine(new NasJetStream(nas).Connection == nas);
'@
        Import-Module (Join-Path $modules NasPubSub/NasPubSub.psd1)
        $server = Start-NasServer
        Push-Location $project
        try {
            # It brings the client along.
            $said = dotnet add package NasPubSub.JetStream 2>&1 | Out-String
            $LASTEXITCODE | Should -Be 0 -Because $said
            dotnet run -- $server.Url 2>&1 | Out-String | Should -BeLike 'Hello, World!*True*'
        }
        finally {
            Pop-Location
            $server | Stop-NasServer
            Remove-Module NasPubSub
        }
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
        "$lines" | Should -BeLike 'Publishes *Hello, World!*'
    }
}

Describe 'The CI kit' -Skip:(-not $IsLinux -and -not $IsMacOS) {
    BeforeAll {
        # The scripts of a file's steps, in their order.
        function Get-Step([string] $File) {
            $text = (Get-Content (Join-Path $root $File) -Raw) -replace '\r'
            foreach ($block in [regex]::Matches($text, '(?m)^ *(?:- )?(?:run|pwsh): \|\n((?:( +).*\n)(?:(?:\2.*)?\n)*)')) {
                ($block.Groups[1].Value -split '\n' | ForEach-Object { $_ -replace "^$($block.Groups[2].Value)" }) -join "`n"
            }
        }

        # Runs a step as the runner does: in a shell of its own, whose user has another home.
        function Invoke-Step([string] $Script, [hashtable] $With) {
            $file = Join-Path $TestDrive step.ps1
            Set-Content $file $Script
            $With += @{ HOME = $data; XDG_DATA_HOME = ''; XDG_CONFIG_HOME = ''; NATS_SERVER = ''; NAS_SERVER_DOWNLOAD_URL = 'http://127.0.0.1:1'; PSModulePath = '' }
            $before = @{}
            foreach ($name in $With.Keys) { $before[$name] = [Environment]::GetEnvironmentVariable($name) }
            foreach ($name in $With.Keys) { [Environment]::SetEnvironmentVariable($name, $With[$name]) }
            try {
                & $shell -NoProfile -NonInteractive -File $file 2>&1 | Out-String
                $LASTEXITCODE | Should -Be 0
            }
            finally { foreach ($name in $before.Keys) { [Environment]::SetEnvironmentVariable($name, $before[$name]) } }
        }

        $data = Join-Path $TestDrive home
        $feed = Join-Path $TestDrive ci-feed
        $null = New-Item $data, $feed -ItemType Directory -Force
        Get-ChildItem $out -File | Where-Object Name -Match '^NasPubSub\.\d.*\.nupkg$' | Copy-Item -Destination $feed
        # As if the release had been fetched before.
        $release = (Get-Content (Join-Path $root tools/nats-server.version) | Where-Object { $_ -notlike '#*' })[0].Split(' ')[0]
        $cache = Join-Path $data ".local/share/NasPubSub/servers/$release"
        $null = New-Item $cache -ItemType Directory -Force
        Copy-Item $env:NATS_SERVER $cache
        Invoke-Step "Register-PSResourceRepository local '$feed'" @{}
    }

    It 'of <File> installs the module and starts a server that later steps reach' -ForEach @(
        @{ File = 'ci/action.yml'; With = @{ GITHUB_ENV = 'env'; GITHUB_OUTPUT = 'output' } }
        @{ File = 'ci/azure-steps.yml'; With = @{ TF_BUILD = 'True' } }
    ) {
        $install, $start = Get-Step $File
        # What a caller gives reaches a script as a variable only.
        "$install$start" | Should -Not -Match '\$\{\{'
        $variables = @{ NAS_MODULE_VERSION = ''; NAS_REPOSITORY = 'local'; NAS_SERVER_VERSION = ''; NAS_JETSTREAM = 'true' }
        foreach ($name in $With.Keys) { $variables[$name] = if ($name -like 'GITHUB*') { Join-Path $TestDrive $With[$name] } else { $With[$name] } }
        Invoke-Step $install $variables
        Get-ChildItem $data -Recurse -Force -Filter NasPubSub.psd1 | Should -HaveCount 1
        $said = Invoke-Step $start $variables
        $id, $log = if ($File -like '*azure*') { $said -match 'process (\d+), log in (\S+)' | Should -BeTrue; $Matches[1, 2] }
        else { (Get-Content $variables.GITHUB_OUTPUT | Where-Object { $_ -like 'id=*' }).Substring(3); $said -match 'log in (\S+)' | Should -BeTrue; $Matches[1] }
        try {
            $url = if ($File -like '*azure*') { $said -match '##vso\[task\.setvariable variable=NATS_URL\](nats://127\.0\.0\.1:\d+)\s' | Should -BeTrue; $Matches[1] }
            else { (Get-Content $variables.GITHUB_ENV) -replace '^NATS_URL=' }
            if ($File -like '*action*') { Get-Content $variables.GITHUB_OUTPUT | Should -Be "url=$url", "port=$(([uri] $url).Port)", "id=$id" }
            Invoke-Step 'Publish-NasMessage ci hello -PassThru | Out-Null; (Get-NasConnection).ServerInfo.JetStream' @{ NATS_URL = $url } | Should -Match 'True'
        }
        finally {
            Stop-Process -Id $id -ErrorAction Ignore
            Remove-Item (Split-Path $log) -Recurse -Force
        }
    }

    It 'has a release workflow that compares the tag with manifest, packages and changes' {
        $check = @(Get-Step '.github/workflows/release.yml')[0]
        $folder = Join-Path $TestDrive release
        $null = New-Item $folder -ItemType Directory
        Copy-Item $out $folder/out -Recurse
        $version = (Test-ModuleManifest (Join-Path $out NasPubSub/NasPubSub.psd1)).Version
        Set-Content $folder/CHANGELOG.md "## [$version]"
        Push-Location $folder
        try {
            Invoke-Step $check @{ GITHUB_REF_NAME = "v$version" }
            { Invoke-Step $check @{ GITHUB_REF_NAME = 'v9.9.9' } } | Should -Throw
        }
        finally { Pop-Location }
    }
}
