# What a user can look at, or a log can hold, shows no password, token, seed or JWT.
BeforeDiscovery {
    $secrets = 'password', 'password in an address', 'encoded password', 'token', 'token in an address', 'wrong password', 'wrong token', 'seed', 'broken seed', 'JWT', 'other seed', 'other JWT', 'password of a context', 'token of a context', 'password of a broken context'
}

BeforeAll {
    # The checkout, or the package that NAS_MODULE_FOLDER names.
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $module = if ($env:NAS_MODULE_FOLDER) { $env:NAS_MODULE_FOLDER } else { $root }
    $manifest = Join-Path $module NasPubSub.psd1
    Import-Module $manifest -Force
    $keys = Join-Path $module "bin/$(if ($PSEdition -eq 'Core') { 'net8.0' } else { 'netstandard2.0' })/NATS.NKeys.dll"
    $operator = & "$root/tests/Jwt/New-JwtOperator.ps1" $keys
    $bob = & $operator.NewUser
    $eve = & $operator.NewUser

    function Get-Secret([string] $Name) { "$Name$([guid]::NewGuid().ToString('N'))" }
    $secret = [ordered]@{ seed = $bob.Seed; JWT = $bob.Jwt; 'broken seed' = $bob.Seed.Substring(0, 20) + $(if ($bob.Seed[20] -eq 'A') { 'B' } else { 'A' }) + $bob.Seed.Substring(21); 'other seed' = $eve.Seed; 'other JWT' = $eve.Jwt }
    foreach ($name in 'password', 'password in an address', 'encoded password', 'token', 'token in an address', 'wrong password', 'wrong token', 'password of a context', 'token of a context', 'password of a broken context') { $secret[$name] = Get-Secret ($name -replace ' ') }

    function Open-Server([string] $Config) {
        $file = Join-Path $TestDrive "$([guid]::NewGuid()).conf"
        Set-Content $file $Config
        Start-NasServer -ConfigFile $file
    }
    $users = @{ bob = $secret.password; zoe = $secret['password in an address']; joe = "/$($secret['encoded password'])"; kim = $secret['password of a context'] }
    $usersConfig = "authorization { users: [ $(($users.Keys | ForEach-Object { '{{ user: {0}, password: "{1}" }}' -f $_, $users[$_] }) -join ', ') ] }"
    $servers = @{
        users = Open-Server $usersConfig
        mortal = Open-Server $usersConfig
        token = Open-Server "authorization { token: $($secret.token) }"
        addressToken = Open-Server "authorization { token: $($secret['token in an address']) }"
        contextToken = Open-Server "authorization { token: $($secret['token of a context']) }"
        nkey = Open-Server "authorization { users: [ { nkey: $($bob.Id) } ] }"
        jwt = Open-Server $operator.Config
    }
    $place = @{}
    $servers.GetEnumerator() | ForEach-Object { $place[$_.Key] = "127.0.0.1:$($_.Value.Port)" }

    $folder = "$TestDrive"
    Set-Content "$folder/bob.creds" $bob.Creds
    Set-Content "$folder/bob.nk" $bob.Seed
    Set-Content "$folder/seed.creds" "-----BEGIN USER NKEY SEED-----`n$($eve.Seed)`n------END USER NKEY SEED------"
    Set-Content "$folder/mixed.creds" $bob.Creds.Replace($bob.Seed, $eve.Seed)

    $zoe = $secret['password in an address']
    $joe = $secret['encoded password']
    $logins = @(
        @{ Name = 'user'; In = $true; Arguments = @{ Server = $place.users; Credential = 'bob', $secret.password } }
        @{ Name = 'user, wrong'; Arguments = @{ Server = $place.users; Credential = 'bob', $secret['wrong password'] } }
        @{ Name = 'user by address'; In = $true; Arguments = @{ Server = "nats://zoe:$zoe@$($place.users)" } }
        @{ Name = 'user by address, encoded'; In = $true; Arguments = @{ Server = "nats://joe:%2F$joe@$($place.users)" } }
        @{ Name = 'user by address, not encoded'; Arguments = @{ Server = "nats://joe:/$joe@$($place.users)" } }
        @{ Name = 'user by address, wrong'; Arguments = @{ Server = "nats://bob:$zoe@$($place.users)" } }
        @{ Name = 'user by each address'; In = $true; Arguments = @{ Server = "nats://zoe:$zoe@$($place.users)", "nats://joe:%2F$joe@$($place.users)" } }
        @{ Name = 'user by a list of addresses'; In = $true; Arguments = @{ Server = "nats://zoe:$zoe@$($place.users),nats://joe:%2F$joe@$($place.users)" } }
        @{ Name = 'user by address, nobody there'; Arguments = @{ Server = "nats://zoe:$zoe@127.0.0.1:1" } }
        @{ Name = 'user by address, bad port'; Arguments = @{ Server = "nats://zoe:$zoe@127.0.0.1:x" } }
        @{ Name = 'token'; In = $true; Arguments = @{ Server = $place.token; Token = $secret.token } }
        @{ Name = 'token, wrong'; Arguments = @{ Server = $place.token; Token = $secret['wrong token'] } }
        @{ Name = 'token and more'; Arguments = @{ Server = $place.token; Token = $secret.token; NKeySeed = $bob.Seed; CredentialsFile = "$folder/bob.creds" } }
        @{ Name = 'token by address'; In = $true; Arguments = @{ Server = "$($secret['token in an address'])@$($place.addressToken)" } }
        @{ Name = 'token by address, wrong'; Arguments = @{ Server = "nats://$($secret['wrong token'])@$($place.addressToken)" } }
        @{ Name = 'seed'; In = $true; Arguments = @{ Server = $place.nkey; NKeySeed = $bob.Seed } }
        @{ Name = 'seed file'; In = $true; Arguments = @{ Server = $place.nkey; NKeyFile = "$folder/bob.nk" } }
        @{ Name = 'seed, wrong'; Arguments = @{ Server = $place.nkey; NKeySeed = $eve.Seed } }
        @{ Name = 'seed, broken'; Arguments = @{ Server = $place.nkey; NKeySeed = $secret['broken seed'] } }
        @{ Name = 'seed, none'; Arguments = @{ Server = $place.nkey; NKeySeed = $secret['wrong token'] } }
        @{ Name = 'seed for a file'; Arguments = @{ Server = $place.nkey; NKeyFile = $bob.Seed } }
        @{ Name = 'JWT'; In = $true; Arguments = @{ Server = $place.jwt; Jwt = $bob.Jwt; NKeySeed = $bob.Seed } }
        @{ Name = 'JWT, wrong seed'; Arguments = @{ Server = $place.jwt; Jwt = $bob.Jwt; NKeySeed = $eve.Seed } }
        @{ Name = 'creds'; In = $true; Arguments = @{ Server = $place.jwt; CredentialsFile = "$folder/bob.creds" } }
        @{ Name = 'creds, mixed'; Arguments = @{ Server = $place.jwt; CredentialsFile = "$folder/mixed.creds" } }
        @{ Name = 'creds, seed only'; Arguments = @{ Server = $place.jwt; CredentialsFile = "$folder/seed.creds" } }
        @{ Name = 'creds, text for a file'; Arguments = @{ Server = $place.jwt; CredentialsFile = $eve.Creds } }
        @{ Name = 'creds, none'; Arguments = @{ Server = $place.jwt; CredentialsFile = "$folder/nowhere.creds" } }
        @{ Name = 'variables, user'; In = $true; Environment = @{ NATS_URL = $place.users; NATS_USER = 'bob'; NATS_PASSWORD = $secret.password } }
        @{ Name = 'variables, address'; In = $true; Environment = @{ NATS_URL = "nats://zoe:$zoe@$($place.users)" } }
        @{ Name = 'variables, token'; In = $true; Environment = @{ NATS_URL = $place.token; NATS_TOKEN = $secret.token } }
        @{ Name = 'variables, token, wrong'; Environment = @{ NATS_URL = $place.token; NATS_TOKEN = $secret['wrong token'] } }
        @{ Name = 'variables, seed'; In = $true; Environment = @{ NATS_URL = $place.nkey; NATS_NKEY = $bob.Seed } }
        @{ Name = 'variables, creds'; In = $true; Environment = @{ NATS_URL = $place.jwt; NATS_CREDS = "$folder/bob.creds" } }
        @{ Name = 'variables, text for a file'; Environment = @{ NATS_URL = $place.jwt; NATS_CREDS = $bob.Creds } }
    )

    $contexts = (New-Item -ItemType Directory "$folder/config/nats/context").FullName
    $kim = $secret['password of a context']
    $context = @{
        user = @{ url = $place.users; user = 'kim'; password = $kim }
        address = @{ url = "nats://kim:$kim@$($place.users),nats://kim:$kim@127.0.0.1:1"; description = 'by address' }
        token = @{ url = $place.contextToken; token = $secret['token of a context'] }
        nkey = @{ url = $place.nkey; nkey = "$folder/bob.nk" }
        seed = @{ url = $place.nkey; nkey = $bob.Seed }
        creds = @{ url = $place.jwt; creds = "data:;base64,$([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($bob.Creds)))" }
        jwt = @{ url = $place.jwt; user_jwt = $bob.Jwt; user_seed = $bob.Seed }
        wrong = @{ url = $place.users; user = 'kim'; password = $secret['token of a context'] }
        unset = @{ url = $place.users; user = 'kim'; password = 'env://NAS_NO_SUCH_VARIABLE'; token = $secret['token of a context'] }
    }
    foreach ($name in $context.Keys) { ConvertTo-Json $context[$name] | Set-Content "$contexts/$name.json" }
    Set-Content "$contexts/broken.json" "{ `"user`": `"kim`", `"password`": `"$($secret['password of a broken context'])`" `"token`": 5 }"
    Set-Content "$contexts/untyped.json" "{ `"user`": [ `"$($secret['password of a broken context'])`" ] }"

    $mortal = @{ Name = 'mortal'; Arguments = @{ Server = $place.mortal; Credential = 'bob', $secret.password } }
    @{ Manifest = $manifest; Transcript = "$folder/transcript.txt"; ConfigHome = "$folder/config"; ServerId = $servers.mortal.Id; Logins = @($logins); Mortal = $mortal } |
        ConvertTo-Json -Depth 6 | Set-Content "$folder/settings.json"
    $shell = & (Join-Path $PSScriptRoot '../../tools/Get-ShellPath.ps1')
    $run = @{ FilePath = $shell; RedirectStandardOutput = "$folder/shown.txt"; RedirectStandardError = "$folder/errors.txt"; PassThru = $true }
    $process = Start-Process @run -ArgumentList '-NoProfile', '-NonInteractive', '-File', "`"$PSScriptRoot/Invoke-EachLogin.ps1`"", "`"$folder/settings.json`""
    if (-not $process.WaitForExit(180000)) {
        $process.Kill()
        throw "It did not end. Its last words: $((Get-Content "$folder/shown.txt" -Tail 20) -join "`n")"
    }
    $shown = (Get-Content -Raw "$folder/shown.txt") + (Get-Content -Raw "$folder/errors.txt")
    $logged = Get-Content -Raw "$folder/transcript.txt"
    # A console of some width breaks lines, and so words.
    $all = $shown, $logged, ($shown -replace '\s'), ($logged -replace '\s')
    Write-Verbose "$($shown.Length) characters shown, $($logged.Length) in the transcript"
}

AfterAll {
    $servers.Values | Stop-NasServer
    Remove-Module NasPubSub
}

Describe 'Secrets' {
    It 'are looked for in what really ran' {
        $went = [regex]::Matches($shown, '(?m)^-- (.*: (in|out))\r?$') | ForEach-Object { $_.Groups[1].Value }
        $went | Should -Be @($logins | ForEach-Object { "$($_.Name): $(if ($_.In) { 'in' } else { 'out' })" })
        foreach ($word in 'VERBOSE: Connecting to', 'Authorization Violation', 'AuthenticationFailed', 'NoResponders', 'looks like a secret', 'Reconnecting', 'broken.json') { $shown.Contains($word) | Should -BeTrue -Because $word }
        foreach ($name in $context.Keys) { $shown.Contains("-- $name") | Should -BeTrue -Because $name }
        foreach ($word in 'VERBOSE: Connecting to', '== errors', 'BoundParameters') { $logged.Contains($word) | Should -BeTrue -Because $word }
    }

    It 'are found when one is shown' {
        ($all + "VERBOSE: $($secret.token)") -match [regex]::Escape($secret.token) | Should -HaveCount 1
    }

    It 'are not shown: <_>' -ForEach $secrets {
        $value = $secret[$_]
        $value.Length | Should -BeGreaterThan 30
        $where = @($all | Where-Object { $_.Contains($value) })
        # Lines, and no secret, in the report.
        $lines = @($where)[0] -split '\r?\n' | Where-Object { $_.Contains($value) } | Select-Object -First 5
        foreach ($other in $secret.Values) { $lines = @($lines) -replace [regex]::Escape($other), '<secret>' }
        $lines | Should -BeNullOrEmpty
        $where.Count | Should -Be 0
    }
}
