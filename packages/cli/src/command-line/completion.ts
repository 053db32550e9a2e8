import type { CommandDefinition, OptionDefinition } from './definition.ts'

/** Shell that a script is for. */
export type Shell = 'bash' | 'zsh' | 'fish'

/** The completion script of a shell, for all commands and their options. */
export function completionOf(shell: Shell, commands: readonly CommandDefinition[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands)
    case 'zsh':
      return zsh(commands)
    default:
      return fish(commands)
  }
}

function bash(commands: readonly CommandDefinition[]): string {
  const cases = commands.map(
    (command) => `    ${command.name})
      words="${[...longNames(command), ...(command.operands.choices ?? [])].join(' ')}"
      case "$previous" in
${command.options.filter(takesValue).map(bashValue).join('\n')}
      esac
      ${takesFiles(command) ? 'files=yes' : ':'}
      ;;`,
  )
  return `# bash completion of pilotlight
_pilotlight() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" files=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${[...commands.map(({ name }) => name), '--help', '--version'].join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$files" ] && [ "\${current#-}" = "$current" ]; then
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _pilotlight pilotlight
`
}

function bashValue(option: OptionDefinition): string {
  const names = option.short === undefined ? `--${option.name}` : `--${option.name}|-${option.short}`
  const { value } = option
  const generate =
    value.kind === 'file'
      ? 'compgen -f -- "$current"'
      : `compgen -W "${value.kind === 'choice' ? value.choices.join(' ') : ''}" -- "$current"`
  return `        ${names}) COMPREPLY=($(${generate})); return ;;`
}

function zsh(commands: readonly CommandDefinition[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  const cases = commands.map((command) => {
    const specs = command.options.flatMap(zshOption)
    const { choices } = command.operands
    if (choices !== undefined) specs.push(quoted(`1:what:(${choices.join(' ')})`))
    else if (takesFiles(command)) specs.push(quoted('*:file:_files'))
    return `    ${command.name})\n      _arguments ${specs.join(' \\\n        ')}\n      ;;`
  })
  return `#compdef pilotlight
_pilotlight() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_pilotlight" ]; then
  _pilotlight "$@"
else
  compdef _pilotlight pilotlight
fi
`
}

function zshOption(option: OptionDefinition): string[] {
  const { isRepeated, name, placeholder, short, summary, value } = option
  const meaning = summary.replaceAll(/[[\]:\\]/g, '\\$&')
  const action =
    value.kind === 'file' ? '_files' : value.kind === 'choice' ? `(${value.choices.join(' ')})` : ' '
  const suffix = value.kind === 'flag' ? '' : `:${placeholder.replaceAll(':', '')}:${action}`
  const star = isRepeated === true ? '*' : ''
  const specs = [quoted(`${star}--${name}[${meaning}]${suffix}`)]
  if (short !== undefined) specs.push(quoted(`${star}-${short}[${meaning}]${suffix}`))
  return specs
}

function fish(commands: readonly CommandDefinition[]): string {
  const lines = [
    '# fish completion of pilotlight',
    'complete -c pilotlight -f',
    'complete -c pilotlight -n __fish_use_subcommand -l version -d "Show the version"',
  ]
  for (const command of commands) {
    const { name, operands, options, summary } = command
    const seen = `-n "__fish_seen_subcommand_from ${name}"`
    lines.push(`complete -c pilotlight -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`)
    if (operands.choices !== undefined)
      lines.push(`complete -c pilotlight ${seen} -a ${quoted(operands.choices.join(' '))}`)
    else if (takesFiles(command)) lines.push(`complete -c pilotlight ${seen} -F`)
    for (const option of options) lines.push(`complete -c pilotlight ${seen} ${fishOption(option)}`)
  }
  return `${lines.join('\n')}\n`
}

function fishOption({ name, short, summary, value }: OptionDefinition): string {
  const parts = [`-l ${name}`]
  if (short !== undefined) parts.push(`-s ${short}`)
  if (value.kind === 'file') parts.push('-r -F')
  else if (value.kind === 'choice') parts.push(`-x -a ${quoted(value.choices.join(' '))}`)
  else if (value.kind !== 'flag') parts.push('-x')
  return [...parts, `-d ${quoted(summary)}`].join(' ')
}

function longNames({ options }: CommandDefinition): string[] {
  return options.map(({ name }) => `--${name}`)
}

function takesValue({ value }: OptionDefinition): boolean {
  return value.kind !== 'flag'
}

function takesFiles({ operands }: CommandDefinition): boolean {
  return operands.isCommandLine === true || operands.usage.includes('FILE')
}

/** In single quotes, which all three shells read alike as long as there is none inside. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
