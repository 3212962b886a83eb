<#
.SYNOPSIS
    Runs the powershell blocks of a page, one after the other, as if they were pasted into a new shell.
.DESCRIPTION
    A block with a prompt (PS> ) is a transcript: each command runs, and its output is compared with the page, except for
    numbers, host names and the width of blanks. An error that the page shows is expected; any other error ends the run.
    A block after the line <!-- not run: why --> is only parsed.
.EXAMPLE
    pwsh -NoProfile -File tests/Pages/Invoke-Page.ps1 README.md
#>
param(
    [Parameter(Mandatory)] [string] $Path,

    # Skips blocks with commands that this shell does not have, and compares only errors: Windows PowerShell shows less.
    [switch] $KnownOnly
)

$ErrorActionPreference = 'Stop'

# The names begin with page, because a page sets its own variables in this scope.
function Get-PageBlock([string] $Path) {
    $number = 0
    $before = $start = $lines = $notRun = $null
    foreach ($line in [IO.File]::ReadAllLines($Path)) {
        $number++
        if ($null -ne $lines) {
            if ($line -eq '```') {
                [pscustomobject]@{ Line = $start; Text = $lines -join "`n"; NotRun = $notRun }
                $lines = $null
            }
            else { $lines += , $line }
        }
        elseif ($line -eq '```powershell') {
            $start = $number + 1
            $lines = @()
            $notRun = $before -match '^<!-- not run: \S.* -->$'
            continue
        }
        elseif ($line -match '^\s*```\s*(powershell|pwsh|ps1)') { throw "${Path}:${number}: begin the line with three backticks and powershell, or it is not run." }
        if ($line.Trim()) { $before = $line }
    }
    if ($null -ne $lines) { throw "${Path}:${start}: the block has no end." }
}

# The commands of a block, each with its output on the page, or null if the page shows none.
function Get-PageStep($Block) {
    if ($Block.Text -notmatch '(?m)^PS> ') { return [pscustomobject]@{ Line = $Block.Line; Command = $Block.Text; Shown = $null } }
    $at = $Block.Line
    $step = $null
    foreach ($line in $Block.Text.Split("`n")) {
        if ($line.StartsWith('PS> ')) {
            $step
            $step = [pscustomobject]@{ Line = $at; Command = $line.Substring(4); Shown = '' }
        }
        elseif ($line.StartsWith('>> ')) { $step.Command += "`n" + $line.Substring(3) }
        else { $step.Shown += $line + "`n" }
        $at++
    }
    $step
}

# Removes everything that differs between runs: colour, times, ports, host names, process ids, the width of columns.
function Get-PageShape([string] $Text) {
    $plain = $Text -replace "$([char]27)\[[0-9;]*m" -replace 'nas\d+@\S+', 'nas0@host' -replace '_INBOX\.\S+', '_INBOX.0'
    (($plain -replace '(?<=[a-z])-\s*\n\s*', '-' -replace '[\d.,]*\d', '0' -replace '-{2,}', '-' -replace '(?<=\d )\w?s\b', 's' -replace '\s+', ' ')).Trim()
}

# Tests whether this engine can run a block. The variables of skipped blocks are missing in the following ones.
function Test-PageKnown([string] $Text, [Collections.Generic.HashSet[string]] $Missing) {
    $tree = [Management.Automation.Language.Parser]::ParseInput($Text, [ref]$null, [ref]$null)
    $own = $tree.FindAll({ $args[0] -is [Management.Automation.Language.FunctionDefinitionAst] }, $true).Name
    # Other runspaces have the module only if it is installed.
    $known = $Text -notmatch ' -Parallel\b|\bStart-(Thread)?Job\b'
    foreach ($command in $tree.FindAll({ $args[0] -is [Management.Automation.Language.CommandAst] }, $true)) {
        $name = $command.GetCommandName()
        if ($name -and $name -notin $own -and -not (Get-Command $name -ErrorAction Ignore)) { $known = $false }
    }
    foreach ($variable in $tree.FindAll({ $args[0] -is [Management.Automation.Language.VariableExpressionAst] }, $true)) {
        if ($Missing.Contains($variable.VariablePath.UserPath)) { $known = $false }
    }
    if (-not $known) {
        foreach ($set in $tree.FindAll({ $args[0] -is [Management.Automation.Language.AssignmentStatementAst] }, $true)) {
            $null = $Missing.Add("$($set.Left)".TrimStart('$'))
        }
    }
    $known
}

$pageFile = $Path
$pageRan = $pageParsed = 0
$pageMissing = [Collections.Generic.HashSet[string]]::new()
foreach ($pageBlock in @(Get-PageBlock $pageFile)) {
    foreach ($pageStep in @(Get-PageStep $pageBlock)) {
        $pageErrors = $null
        $null = [Management.Automation.Language.Parser]::ParseInput($pageStep.Command, [ref]$null, [ref]$pageErrors)
        if ($pageErrors) { throw "${pageFile}:$($pageStep.Line): $($pageErrors[0].Message)" }
    }
    $pageSteps = @(Get-PageStep $pageBlock)
    if ($pageBlock.NotRun -or ($KnownOnly -and -not (Test-PageKnown ($pageSteps.Command -join "`n") $pageMissing))) {
        $pageParsed++
        continue
    }
    foreach ($pageStep in $pageSteps) {
        $pageOutput = $pageFailure = $null
        try {
            # Dot-sourced, so that the next block sees the variables.
            $pageOutput = . ([scriptblock]::Create($pageStep.Command))
        }
        catch { $pageFailure = $_ }
        if ($null -eq $pageStep.Shown) {
            if ($pageFailure) { throw "${pageFile}:$($pageStep.Line): $($pageFailure.Exception.Message) ($($pageFailure.FullyQualifiedErrorId), at '$($pageFailure.InvocationInfo.Line.Trim())')" }
            continue
        }
        $pageSeen = if ($pageFailure) { "$($pageFailure.InvocationInfo.MyCommand): $($pageFailure.Exception.Message)" }
        elseif ($KnownOnly) { $pageStep.Shown }
        else { $pageOutput | Out-String -Width 80 }
        if ((Get-PageShape $pageSeen) -cne (Get-PageShape $pageStep.Shown)) {
            throw "${pageFile}:$($pageStep.Line): '$($pageStep.Command)' prints`n$pageSeen`nand not`n$($pageStep.Shown)"
        }
    }
    $pageRan++
}
"$pageFile`: $pageRan run, $pageParsed parsed only"
