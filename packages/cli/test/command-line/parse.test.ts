import fc from 'fast-check'
import t from 'tap'
import { COMMANDS } from '../../src/command-line/commands.ts'
import { editDistance, nearest } from '../../src/command-line/nearest.ts'
import { parseCommandLine } from '../../src/command-line/parse.ts'

function parse(line: string): ReturnType<typeof parseCommandLine> {
  const [name, ...argv] = line.split(' ')
  return parseCommandLine(
    COMMANDS.find((command) => command.name === name)!,
    argv,
  )
}

const WRONG: readonly (readonly [line: string, problems: readonly string[]])[] = [
  [
    'up --prot 1',
    [
      '--prot is no option of pilotlight up: did you mean --port?',
      '"1" is too much: pilotlight up takes only options',
    ],
  ],
  ['up --zzzzzz', ['--zzzzzz is no option of pilotlight up: see pilotlight up --help']],
  ['up --port 70000', ['--port is "70000": it must be an integer from 0 to 65535']],
  ['up --port 1e3', ['--port is "1e3": it must be an integer from 0 to 65535']],
  ['up --port', ['--port has no value: it must be an integer from 0 to 65535']],
  ['up --port --open', ['--port has no value: it must be an integer from 0 to 65535']],
  ['up --open=yes', ['--open is "yes": it takes no value']],
  ['up -p 1 -p 2', ['-p is given more than once: it counts only once']],
  [
    'up --command hello',
    ['--command is "hello": it must be SERVICE=\'command line\', with the name of a service in front'],
  ],
  ['up -v --log-level info', ['--verbose and --log-level are both given: only one of them can count']],
  [
    'up --log-level loud --port x',
    [
      '--log-level is "loud": it must be one of debug, info, warn, error',
      '--port is "x": it must be an integer from 0 to 65535',
    ],
  ],
  ['ps --admin https://a', ['--admin is "https://a": it must be an http URL, such as http://127.0.0.1:8081']],
  ['explain', ['pilotlight explain needs REQUEST-ID|last']],
  ['completion csh', ['"csh": it must be one of bash, zsh, fish']],
  ['run --timeout 601 x', ['--timeout is "601": it must be an integer from 1 to 600']],
  ['run --', ['pilotlight run needs [--] COMMAND [ARGUMENT]…']],
]

for (const [line, problems] of WRONG)
  t.test(`pilotlight ${line}`, async (t) => {
    t.strictSame(parse(line).problems, problems)
  })

t.test('what is right', async (t) => {
  const up = parse('up -f a.yaml -f - --port=0 --open -v')
  t.strictSame(up.problems, [])
  t.strictSame(up.args.texts('file'), ['a.yaml', '-'])
  t.equal(up.args.integer('port', 8080), 0)
  t.ok(up.args.has('open'))
  t.equal(up.args.integer('admin-port', 5), 5)
})

t.test('what stands behind the command of run belongs to it', async (t) => {
  for (const line of ['run --name a -- node --port 1 -- x', 'run --name a node --port 1 -- x']) {
    const { args, problems } = parse(line)
    t.strictSame(problems, [])
    t.strictSame(args.operands, ['node', '--port', '1', '--', 'x'])
    t.equal(args.text('name', ''), 'a')
  }
})

t.test('any arguments are parsed or have problems in one line each', async (t) => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '--port',
      '-f',
      '--',
      '-',
      '--open',
      '--port=1',
      '--__proto__',
      '--constructor=1',
      'toString',
    ),
  )
  fc.assert(
    fc.property(fc.constantFrom(...COMMANDS), fc.array(word), (command, argv) => {
      const { problems } = parseCommandLine(command, argv)
      for (const problem of problems) if (/[\n\r]/.test(problem)) return false
      return true
    }),
  )
  t.pass()
})

t.test('the nearest name', async (t) => {
  t.equal(nearest('pu', ['up', 'ps']), 'up')
  t.equal(nearest('validat', ['validate', 'up']), 'validate')
  t.equal(nearest('xyzzy', ['validate', 'up']), null)
  t.equal(editDistance('', 'abc'), 3)
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const distance = editDistance(a, b)
      return distance === editDistance(b, a) && (distance === 0) === (a === b)
    }),
  )
})
