// State that goes with parameters: what optimisers, accumulators and averages keep for each of them. It belongs to the
// parameters, so compiled and eager steps may take turns, and it can be saved under their names.
import type { TypedArray } from "#ir/dtype.js";
import { type Parameter, parameter } from "./parameter.js";

/** Whoever keeps state for parameters. */
export interface ParameterState {
  /** The state so far, in the order in which it was made. */
  readonly state: readonly Parameter[];
  /** What is kept for a parameter so far, by names such as `adam.mean`. */
  slotsOf(owner: Parameter): ReadonlyMap<string, Parameter>;
  /** The slot of a parameter, made where there is none yet; null where nothing of that name is kept. */
  slotOf(owner: Parameter, name: string): Parameter | null;
}

/** One kind of thing kept. */
export interface Slot {
  /** `mean`. */
  readonly name: string;
  /** What it starts with; 0 where nothing is said. */
  readonly initial?: number | ((owner: Parameter) => TypedArray);
  /** One number for all parameters that are stepped together, kept under the first of them; not of the parameter's shape. */
  readonly shared?: boolean;
}

/** Slots named `prefix.name`, made when they are first asked for. */
export class Slots implements ParameterState {
  readonly #slots = new WeakMap<Parameter, Map<string, Parameter>>();
  readonly #made: { readonly owner: Parameter; readonly kind: Slot; readonly slot: Parameter }[] = [];
  /** Whose shared slots a parameter uses. */
  readonly #first = new WeakMap<Parameter, Parameter>();

  constructor(
    readonly prefix: string,
    readonly kinds: readonly Slot[],
  ) {}

  get state(): readonly Parameter[] {
    return this.#made.map(({ slot }) => slot);
  }

  slotsOf(owner: Parameter): ReadonlyMap<string, Parameter> {
    return this.#slots.get(owner) ?? new Map();
  }

  slotOf(owner: Parameter, name: string): Parameter | null {
    const known = this.#slots.get(owner)?.get(name);
    if (known) return known;
    const kind = this.kinds.find((k) => `${this.prefix}.${k.name}` === name);
    return kind ? this.#make(owner, kind, name) : null;
  }

  /** The slot `kind` of a parameter. */
  of(owner: Parameter, kind: string): Parameter {
    return this.slotOf(owner, `${this.prefix}.${kind}`)!;
  }

  /** The slots `kind` so far, by their owners. */
  all(kind: string): ReadonlyMap<Parameter, Parameter> {
    return new Map(this.#made.filter((made) => made.kind.name === kind).map(({ owner, slot }) => [owner, slot]));
  }

  /** The shared slot `kind` of parameters that are stepped together. */
  shared(owners: readonly Parameter[], kind: string): Parameter {
    const name = `${this.prefix}.${kind}`;
    const has = (p: Parameter): boolean => this.#slots.get(p)?.has(name) ?? false;
    const first = owners.map((p) => this.#first.get(p) ?? p).find(has) ?? owners[0]!;
    for (const p of owners) this.#first.set(p, first);
    return this.slotOf(first, name)!;
  }

  #make(owner: Parameter, kind: Slot, name: string): Parameter {
    const { initial = 0, shared = false } = kind;
    const start = typeof initial === "number" ? initial : () => initial(owner);
    const made = parameter(shared ? [] : owner.record.type.shape, start, {
      name: shared ? name : `${owner.name}/${name}`,
      dtype: owner.dtype,
      trainable: false,
    }) as unknown as Parameter;
    const slots = this.#slots.get(owner) ?? new Map<string, Parameter>();
    this.#slots.set(owner, slots.set(name, made));
    this.#made.push({ owner, kind, slot: made });
    return made;
  }
}

/** Several states as one. */
export function joinStates(parts: readonly ParameterState[]): ParameterState {
  return {
    get state() {
      return parts.flatMap((part) => part.state);
    },
    slotsOf: (owner) => new Map(parts.flatMap((part) => [...part.slotsOf(owner)])),
    slotOf: (owner, name) => {
      for (const part of parts) {
        const slot = part.slotOf(owner, name);
        if (slot) return slot;
      }
      return null;
    },
  };
}
