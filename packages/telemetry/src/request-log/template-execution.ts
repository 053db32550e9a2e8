import { printed } from './go-format.ts'
import { ExecutionError, isDictionary, isTrue, Strings, Struct, typeName } from './go-values.ts'
import type { Method, Value } from './go-values.ts'
import type { Tree } from './template-parser.ts'
import type { Command, List, Node, Operand, Pipe } from './template-tree.ts'

/** Elements of the tree that one rendering may visit, those of a range each time. */
const STEPS_MAX = 10_000
/** Length of a line, and of a string on the way to it, characters. */
const LINE_CHARS_MAX = 262_144

const Flow = { Next: 0, Break: 1, Continue: 2 } as const
type Flow = (typeof Flow)[keyof typeof Flow]

/** Stands for the absent value in front of a pipeline. */
const NOTHING = Symbol('nothing')
type Final = Value | typeof NOTHING

/**
 * Renders a template with `data`. Throws an ExecutionError when the template does not fit the data, or when it does
 * not come to its end within the bounds.
 */
export function execute(tree: Tree, data: Value): string {
  return new Execution(tree.slots, data).run(tree.list, data)
}

class Execution {
  readonly #variables: Value[]
  #steps = 0
  #line = ''

  constructor(slots: number, data: Value) {
    this.#variables = [data]
    for (let slot = 1; slot < slots; slot++) this.#variables.push(undefined)
  }

  run(list: List, data: Value): string {
    this.#walk(list, data)
    return this.#line
  }

  #walk(list: List, dot: Value): Flow {
    for (const node of list) {
      if (++this.#steps > STEPS_MAX) throw new ExecutionError(`more than ${STEPS_MAX} steps`)
      const flow = this.#node(node, dot)
      if (flow !== Flow.Next) return flow
    }
    return Flow.Next
  }

  #node(node: Node, dot: Value): Flow {
    switch (node.kind) {
      case 'text':
        this.#print(node.text)
        return Flow.Next
      case 'action': {
        const value = this.#pipe(node.pipe, dot)
        if (node.pipe.slots.length === 0) this.#print(printed(value))
        return Flow.Next
      }
      case 'if':
        return this.#walk(isTrue(this.#pipe(node.pipe, dot)) ? node.list : node.otherwise, dot)
      case 'with': {
        const value = this.#pipe(node.pipe, dot)
        return isTrue(value) ? this.#walk(node.list, value) : this.#walk(node.otherwise, dot)
      }
      case 'range':
        return this.#range(this.#pipe(node.pipe, dot), node.pipe.slots, node.list, node.otherwise, dot)
      case 'break':
        return Flow.Break
      default:
        return Flow.Continue
    }
  }

  #print(text: string): void {
    this.#line += text
    if (this.#line.length > LINE_CHARS_MAX) throw new ExecutionError('the line is too long')
  }

  #range(over: Value, slots: readonly number[], list: List, otherwise: List, dot: Value): Flow {
    if (typeof over === 'number' && slots.length > 1)
      throw new ExecutionError(`can't use ${over} to iterate over more than one variable`)
    const keys = isDictionary(over) ? over.keys() : null
    const count = keys === null ? iterations(over) : keys.length
    // As in Go: a break in the else branch ends this range, a continue there belongs to the one around it.
    if (count <= 0) return this.#walk(otherwise, dot) === Flow.Continue ? Flow.Continue : Flow.Next
    for (let i = 0; i < count; i++) {
      if (++this.#steps > STEPS_MAX) throw new ExecutionError(`more than ${STEPS_MAX} steps`)
      const value = elementAt(over, keys, i)
      if (slots.length > 0) this.#variables[slots[slots.length - 1]] = value
      if (slots.length > 1) this.#variables[slots[0]] = keys === null ? i : keys[i]
      if (this.#walk(list, value) === Flow.Break) break
    }
    return Flow.Next
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    let value: Final = NOTHING
    for (const command of pipe.commands) value = this.#command(command, dot, value)
    for (const slot of pipe.slots) this.#variables[slot] = value as Value
    return value as Value
  }

  #command(command: Command, dot: Value, final: Final): Value {
    const first = command[0]
    switch (first.kind) {
      case 'function':
        return this.#call(first.builtin, command, dot, final)
      case 'field':
        return this.#chain(dot, first.names, command, dot, final)
      case 'variable':
        if (first.names.length > 0) {
          return this.#chain(this.#variables[first.slot], first.names, command, dot, final)
        }
        break
      case 'chain':
        return this.#chain(this.#operand(first.inner, dot), first.names, command, dot, final)
      case 'nil':
        throw new ExecutionError('nil is not a command')
      default:
        break
    }
    if (command.length > 1 || final !== NOTHING)
      throw new ExecutionError("can't give argument to non-function")
    return this.#operand(first, dot)
  }

  #operand(operand: Operand, dot: Value): Value {
    switch (operand.kind) {
      case 'constant':
        return operand.value
      case 'nil':
        return null
      case 'dot':
        return dot
      case 'pipe':
        return this.#pipe(operand, dot)
      case 'variable': {
        const value = this.#variables[operand.slot]
        return operand.names.length === 0
          ? value
          : this.#chain(value, operand.names, NO_ARGUMENTS, dot, NOTHING)
      }
      case 'field':
        return this.#chain(dot, operand.names, NO_ARGUMENTS, dot, NOTHING)
      case 'chain':
        return this.#chain(this.#operand(operand.inner, dot), operand.names, NO_ARGUMENTS, dot, NOTHING)
      default:
        return this.#call(operand.builtin, NO_ARGUMENTS, dot, NOTHING)
    }
  }

  #call(
    builtin: Extract<Operand, { kind: 'function' }>['builtin'],
    command: readonly Operand[],
    dot: Value,
    final: Final,
  ): Value {
    const count = Math.max(command.length - 1, 0) + (final === NOTHING ? 0 : 1)
    if (count < builtin.argumentsMin || count > builtin.argumentsMax)
      throw new ExecutionError(`wrong number of args for ${builtin.name}: ${count}`)
    const stopsAt = builtin.name === 'or' ? true : builtin.name === 'and' ? false : null
    const values: Value[] = []
    for (let i = 1; i < command.length; i++) {
      const value = this.#operand(command[i], dot)
      if (stopsAt !== null && isTrue(value) === stopsAt) return value
      values.push(value)
    }
    if (final !== NOTHING) values.push(final)
    const result = builtin.call(values)
    // Strings that grow out of strings are bounded too, or a range over few fields could fill the memory.
    if (typeof result === 'string' && result.length > LINE_CHARS_MAX)
      throw new ExecutionError('a string is too long')
    return result
  }

  /** Walks along `names`; the last one may be a method with the arguments of `command`. */
  #chain(
    start: Value,
    names: readonly string[],
    command: readonly Operand[],
    dot: Value,
    final: Final,
  ): Value {
    let value = start
    const last = names.length - 1
    for (let i = 0; i < last; i++) value = this.#member(value, names[i], NO_ARGUMENTS, dot, NOTHING)
    return this.#member(value, names[last], command, dot, final)
  }

  #member(value: Value, name: string, command: readonly Operand[], dot: Value, final: Final): Value {
    if (value instanceof Struct) {
      const field = value.type.fields.get(name)
      if (field === undefined) {
        const method = value.type.methods.get(name)
        if (method !== undefined) return this.#method(value.data, name, method, command, dot, final)
        throw new ExecutionError(`can't evaluate field ${name} in type ${value.type.name}`)
      }
      refuseArguments(name, command, final)
      if (value.data === null) throw new ExecutionError(`nil pointer evaluating ${value.type.name}.${name}`)
      return field(value.data as never)
    }
    if (value === undefined) return undefined
    if (!isDictionary(value))
      throw new ExecutionError(`can't evaluate field ${name} in type ${typeName(value)}`)
    const method = value.methods.get(name)
    if (method !== undefined) return this.#method(value, name, method, command, dot, final)
    refuseArguments(name, command, final)
    return value.get(name)
  }

  #method(
    data: unknown,
    name: string,
    method: Method<never>,
    command: readonly Operand[],
    dot: Value,
    final: Final,
  ): Value {
    const values: Final[] = command.slice(1).map((operand) => this.#operand(operand, dot))
    if (final !== NOTHING) values.push(final)
    if (values.length !== method.parameters)
      throw new ExecutionError(
        `wrong number of args for ${name}: want ${method.parameters} got ${values.length}`,
      )
    for (const value of values) {
      if (typeof value !== 'string')
        throw new ExecutionError(`wrong type for value; expected string in ${name}`)
    }
    return method.call(data as never, values as string[])
  }
}

const NO_ARGUMENTS: readonly Operand[] = []

function refuseArguments(name: string, command: readonly Operand[], final: Final): void {
  if (command.length > 1 || final !== NOTHING)
    throw new ExecutionError(`${name} has arguments but cannot be invoked as function`)
}

function iterations(over: Value): number {
  if (over === undefined) return 0
  if (typeof over === 'number') return over
  if (over instanceof Strings) return over.items.length
  throw new ExecutionError(`range can't iterate over ${typeName(over)}`)
}

function elementAt(over: Value, keys: readonly string[] | null, i: number): Value {
  if (keys !== null && isDictionary(over)) return over.get(keys[i])
  return over instanceof Strings ? over.items[i] : i
}
