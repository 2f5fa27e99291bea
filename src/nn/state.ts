// State as plain data: the numbers of a model's parameters by path, with what optimisers keep for them; to be written to a
// file, sent, and put into another model of the same structure.
import { arrayOf, isDType, type DType, type TypedArray } from "#ir/dtype.js";
import { alignRows, GraphError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { elementCount, printShape } from "#ir/size.js";
import type { Parameter } from "../parameter.js";
import type { ParameterState } from "../parameter-state.js";
import { namedParameters } from "./named-parameters.js";

/** The numbers of one parameter, in row-major order. */
export interface StateEntry<Data = TypedArray> {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Data;
}
/** State by path: `dense1/weight`, `dense1/weight/adam.mean`. */
export type State = Readonly<Record<string, StateEntry>>;
/** State that JSON can hold; numbers that it cannot are text: "NaN", "Infinity", "-Infinity", "-0". */
export type PlainState = Readonly<Record<string, StateEntry<readonly (number | string)[]>>>;

/**
 * A copy of the state of a model (anything that `namedParameters` takes): every parameter, those that are not trained too,
 * and what each of `keepers`, such as an optimiser, keeps for them.
 */
export function stateOf(model: unknown, ...keepers: readonly ParameterState[]): State {
  const entries: [string, StateEntry][] = [];
  const add = (name: string, p: Parameter): void => {
    entries.push([name, { dtype: p.dtype, shape: [...p.record.type.shape], data: p.data() }]);
  };
  const named = namedParameters(model);
  for (const [path, p] of named) add(path, p);
  for (const keeper of keepers) {
    for (const [path, p] of named) for (const [slot, kept] of keeper.slotsOf(p)) add(`${path}/${slot}`, kept);
  }
  return Object.fromEntries(entries);
}

/**
 * Puts a state into a model of the same structure, and into `keepers` what is theirs. Throws a GraphError that lists every
 * entry that is missing, unknown or does not fit, and then has changed nothing. A keeper's entries may be missing: it
 * then begins as if new.
 */
export function loadState(model: unknown, state: State | PlainState, ...keepers: readonly ParameterState[]): void {
  atUserLine(() => load(model, state, keepers));
}

function load(model: unknown, state: State | PlainState, keepers: readonly ParameterState[]): void {
  if (typeof (state as unknown) !== "object" || state === null) {
    const help = typeof state === "string" ? "loadState(model, JSON.parse(text))" : undefined;
    throw new GraphError(`loadState: the state is ${state === null ? "null" : `a ${typeof state}`}, not a record`, {
      help,
    });
  }
  const named = namedParameters(model);
  const rows: (readonly string[])[] = [];
  const loaded: (() => void)[] = [];
  let unkept = false;
  const take = (name: string, p: Parameter, entry: StateEntry<unknown>): void => {
    const numbers = numbersOf(entry, p);
    if (typeof numbers === "string") rows.push([`${name} :`, typeOf(p.dtype, p.record.type.shape), numbers]);
    else loaded.push(() => p.assign(numbers));
  };
  for (const [path, p] of named) {
    if (Object.hasOwn(state, path)) take(path, p, state[path]!);
    else rows.push([`${path} :`, typeOf(p.dtype, p.record.type.shape), "missing"]);
  }
  for (const [name, entry] of Object.entries(state)) {
    if (named.has(name)) continue;
    const at = name.lastIndexOf("/");
    const owner = named.get(name.slice(0, Math.max(at, 0)));
    const slot = owner && firstSlot(keepers, owner, name.slice(at + 1));
    unkept ||= owner !== undefined && !slot;
    if (slot) take(name, slot, entry);
    else
      rows.push([
        `${name} :`,
        "",
        owner ? "given, but nothing here keeps it" : "given, but the model has no such parameter",
      ]);
  }
  if (rows.length > 0) {
    const what = rows.length === 1 ? "1 entry does" : `${rows.length} entries do`;
    const help =
      keepers.length === 0 && unkept
        ? "loadState(model, state, optimizer) loads what the optimizer keeps, too"
        : undefined;
    throw new GraphError(`loadState: ${what} not fit the model`, { lines: alignRows(rows), help });
  }
  for (const load of loaded) load();
}

/** The state with arrays of numbers, for `JSON.stringify`; `loadState` takes it as it is. */
export function plainState(state: State): PlainState {
  const plain = (x: number): number | string =>
    Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? "-0" : String(x);
  return Object.fromEntries(
    Object.entries(state).map(([name, entry]) => [name, { ...entry, data: Array.from(entry.data, plain) }]),
  );
}

function firstSlot(keepers: readonly ParameterState[], owner: Parameter, name: string): Parameter | null {
  for (const keeper of keepers) {
    const slot = keeper.slotOf(owner, name);
    if (slot) return slot;
  }
  return null;
}

/** The numbers of an entry for a parameter, or what is wrong with it. */
function numbersOf(entry: StateEntry<unknown>, p: Parameter): TypedArray | string {
  const given: Partial<StateEntry<unknown>> | null = typeof entry === "object" ? entry : null;
  if (!given || !isDType(String(given.dtype)) || !Array.isArray(given.shape))
    return "given something without dtype and shape";
  const { dtype, shape } = given as StateEntry<unknown>;
  const shown = typeOf(dtype, shape);
  if (shown !== typeOf(p.dtype, p.record.type.shape)) return `given ${shown}`;
  const { data } = given;
  if (!Array.isArray(data) && !ArrayBuffer.isView(data))
    return `given ${shown} with ${data === undefined ? "no data" : "data that is no array; JSON needs nn.plainState(state)"}`;
  const numbers = Array.from(data as ArrayLike<unknown>, (x) => (typeof x === "string" && x !== "" ? Number(x) : x));
  if (numbers.length !== elementCount(shape)) return `given ${shown} with ${numbers.length} numbers`;
  const odd = numbers.findIndex((x) => typeof x !== "number");
  return odd < 0
    ? arrayOf(dtype, numbers as number[])
    : `given ${shown} with ${String(numbers[odd])} as element ${odd}`;
}

const typeOf = (dtype: string, shape: readonly number[]): string => `${dtype}${printShape(shape)}`;
