<#
.SYNOPSIS
    Runs a powershell block of a page in a real terminal and draws the screen as an SVG file.
.DESCRIPTION
    The script starts pwsh in tmux, types the lines of the block one after the other, waits for the prompt after each,
    and converts the captured screen, colours included, to SVG. It needs tmux 3 (Linux or macOS), a build, and a
    nats-server that Start-NasServer finds. tests/Pester/Pages.Tests.ps1 compares the picture with the page.
.EXAMPLE
    tools/pwsh -File tools/New-TerminalPicture.ps1

    Draws docs/images/first-messages.svg from README.md.
#>
[CmdletBinding()]
param(
    [string] $Page = 'README.md',

    # The block to run; the first one of the page is number 1.
    [int] $Block = 1,

    [string] $Destination = 'docs/images/first-messages.svg',

    [ValidateRange(40, 200)]
    [int] $Columns = 92
)

$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot -Parent
$lineLimit = [TimeSpan]::FromSeconds(30)

$text = [IO.File]::ReadAllText([IO.Path]::Combine($root, $Page)).Replace("`r", '')
$blocks = [regex]::Matches($text, '(?m)^```powershell\n([\s\S]*?)\n```$')
if ($blocks.Count -lt $Block) { throw "$Page has $($blocks.Count) powershell blocks." }
$commands = $blocks[$Block - 1].Groups[1].Value.Split("`n")

$socket = "nas-picture-$PID"
function Invoke-Tmux { tmux -L $socket -f /dev/null @args }

# The lines of the screen without the empty ones at its end.
function Get-Screen([switch] $Colours) {
    $escapes = if ($Colours) { '-e' }
    $screen = (Invoke-Tmux capture-pane -p $escapes -t shell) -join "`n"
    $screen.TrimEnd().Split("`n")
}

function Wait-Prompt([int] $Count) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $screen = @(Get-Screen)
        if ($screen[-1].Trim() -eq 'PS>' -and @($screen -match '^PS>').Count -eq $Count) { return }
        if ($watch.Elapsed -gt $lineLimit) { throw "No prompt after $lineLimit. The screen is:`n$($screen -join "`n")" }
        Start-Sleep -Milliseconds 50
    }
}

function Get-SessionScreen {
    $setup = "Import-Module '$(Join-Path $root NasPubSub.psd1)'; function prompt { 'PS> ' }; " +
        'Set-PSReadLineOption -PredictionSource None -HistorySaveStyle SaveNothing'
    $file = Join-Path ([IO.Path]::GetTempPath()) "$socket.ps1"
    Set-Content $file $setup
    try {
        $shell = & (Join-Path $PSScriptRoot Get-ShellPath.ps1)
        Invoke-Tmux new-session -d -s shell -x $Columns -y 60 $shell -NoProfile -NoLogo -NoExit -File $file
        Wait-Prompt 1
        $prompts = 1
        foreach ($command in $commands) {
            Invoke-Tmux send-keys -t shell -l $command
            Invoke-Tmux send-keys -t shell Enter
            Wait-Prompt (++$prompts)
        }
        $screen = @(Get-Screen -Colours)
        $screen[0..($screen.Count - 2)]
    }
    finally {
        Invoke-Tmux kill-server
        Remove-Item $file
    }
}

$palette = @(
    '#484f58', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#c9d1d9'
    '#8b949e', '#ffa198', '#7ee787', '#f2cc60', '#a5d6ff', '#e2c5ff', '#b3f0ff', '#ffffff')
$cell = @{ Width = 8.4; Height = 19; Font = 14 }
$margin = 18
$bar = 34

# The style that the parameters of an SGR escape sequence leave: colour, bold, italic.
function Set-Style([hashtable] $Style, [int[]] $Codes) {
    for ($i = 0; $i -lt $Codes.Count; $i++) {
        switch ($Codes[$i]) {
            0 { $Style.Clear() }
            1 { $Style.Bold = $true }
            3 { $Style.Italic = $true }
            22 { $Style.Remove('Bold') }
            23 { $Style.Remove('Italic') }
            { $_ -in 30..37 } { $Style.Colour = $palette[$_ - 30] }
            { $_ -in 90..97 } { $Style.Colour = $palette[$_ - 82] }
            38 {
                if ($Codes[$i + 1] -eq 5 -and $Codes[$i + 2] -lt 16) { $Style.Colour = $palette[$Codes[$i + 2]] }
                elseif ($Codes[$i + 1] -eq 2) { $Style.Colour = '#{0:x2}{1:x2}{2:x2}' -f $Codes[($i + 2)..($i + 4)] }
                $i += if ($Codes[$i + 1] -eq 5) { 2 } else { 4 }
            }
            39 { $Style.Remove('Colour') }
        }
    }
}

# One text element for each run of the same style, at the column where it begins.
function ConvertTo-SvgLine([string] $Line, [double] $Y, [hashtable] $Style) {
    $column = 0
    foreach ($part in [regex]::Split($Line, '(\x1b\[[\d;]*m)')) {
        if ($part -match '^\x1b\[([\d;]*)m$') {
            Set-Style $Style @($Matches[1].Split(';') | ForEach-Object { if ($_) { [int]$_ } else { 0 } })
            continue
        }
        $shown = $part.Trim(' ')
        if ($shown) {
            $attributes = @(if ($Style.Colour) { " fill=`"$($Style.Colour)`"" }) +
                @(if ($Style.Bold) { ' font-weight="bold"' }) + @(if ($Style.Italic) { ' font-style="italic"' })
            $x = $margin + ($column + $part.Length - $part.TrimStart(' ').Length) * $cell.Width
            '  <text x="{0}" y="{1}" textLength="{2}"{3}>{4}</text>' -f $x.ToString('0.#'), $Y,
                ($shown.Length * $cell.Width).ToString('0.#'), (-join $attributes), [Security.SecurityElement]::Escape($shown)
        }
        $column += $part.Length
    }
}

function ConvertTo-Svg([string[]] $Lines) {
    $width = [int]($Columns * $cell.Width + 2 * $margin)
    $height = $bar + $Lines.Count * $cell.Height + $margin
    @"
<svg xmlns="http://www.w3.org/2000/svg" width="$width" height="$height" viewBox="0 0 $width $height" xml:space="preserve" font-family="ui-monospace, 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="$($cell.Font)" fill="#c9d1d9">
  <title>A PowerShell session: the commands of $Page and their output</title>
  <rect width="$width" height="$height" rx="8" fill="#0d1117"/>
  <circle cx="22" cy="18" r="6" fill="#ff5f57"/>
  <circle cx="42" cy="18" r="6" fill="#febc2e"/>
  <circle cx="62" cy="18" r="6" fill="#28c840"/>
"@
    $style = @{}
    $y = $bar + $cell.Font
    foreach ($line in $Lines) {
        ConvertTo-SvgLine $line $y $style
        $y += $cell.Height
    }
    '</svg>'
}

if (-not (Get-Command tmux -CommandType Application -ErrorAction Ignore)) {
    throw 'tmux is not on PATH: install it with the package manager of the system.'
}
[Threading.Thread]::CurrentThread.CurrentCulture = [cultureinfo]::InvariantCulture
$target = [IO.Path]::Combine($root, $Destination)
$null = New-Item (Split-Path $target) -ItemType Directory -Force
[IO.File]::WriteAllText($target, ((ConvertTo-Svg @(Get-SessionScreen)) -join "`n").Replace("`r", '') + "`n")
$target
