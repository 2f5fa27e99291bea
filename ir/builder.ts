// Makes nodes: infers their types, interns them, remembers where they came from.
import type { Origin } from "./errors.js";
import { GraphError, InternalError, twoGraphs } from "./errors.js";
import { isGraph } from "./graph.js";
import type { Applier, Attr, Attrs, Draw, Node, Operand, Parameter, Value } from "./node.js";
import type { AnyOp } from "./op.js";
import { captureStack, currentScope, userOrigin } from "./origin.js";
import type { RandomSource } from "./random-source.js";
import type { TensorType } from "./type.js";

type LazyOrigin = Origin | { readonly scope: string; readonly stack?: string };

/** A merged node tells of no more. */
const maxOrigins = 8;
const noOrigins: readonly LazyOrigin[] = [];

/** Owns the nodes of a graph and of everything the passes make of it. */
export class Builder implements Applier {
  readonly mode = "graph";
  readonly #interned = new Map<string, Node>();
  /** Lists are shared between nodes and never change. */
  readonly #origins = new Map<Node, readonly LazyOrigin[]>();
  #inherited: readonly Node[] | null = null;
  #inner: Applier | null = null;
  #nextId = 0;
  /** Whether a loop or a branch was made: passes look for sub-graphs only there. */
  hasControl = false;

  constructor(
    readonly name: string,
    /** Where random ops of this graph draw from; none in what passes build. */
    readonly random: RandomSource | null = null,
  ) {}

  /** How many nodes were made. */
  get size(): number {
    return this.#nextId;
  }

  /** Who makes what is applied here now: itself, or whom it sends that on to. */
  get maker(): Applier {
    return this.#inner ?? this;
  }

  redirect<T>(inner: Applier | null, build: () => T): T {
    const before = this.#inner;
    this.#inner = inner;
    try {
      return build();
    } finally {
      this.#inner = before;
    }
  }

  apply(op: AnyOp, operands: readonly Operand[], attrs: Attrs): readonly Value[] {
    return this.#inner ? (this.#inner.apply(op, operands, attrs) as readonly Value[]) : this.make(op, operands, attrs);
  }

  /** Applies an op here, wherever what is applied is sent on to. */
  protected make(op: AnyOp, operands: readonly Operand[], attrs: Attrs): readonly Value[] {
    const values = operands as readonly Value[];
    let key = op.name;
    for (const x of values) {
      if (x.owner !== this) throw twoGraphs(this, x.owner);
      key += `,${x.node.id}.${x.index}`;
    }
    key += keyOfAttrs(attrs);
    let node = this.#interned.get(key);
    if (!node) {
      const types = op.infer(
        values.map((v) => v.type),
        attrs,
      );
      const results: Value[] = [];
      if (op.lower.kind === "control") this.hasControl = true;
      node = { id: this.#nextId++, op, operands: values, attrs, results };
      types.forEach((type, index) => results.push(new NodeResult(this, node!, index, type)));
      this.#interned.set(key, node);
    }
    this.#remember(node);
    return node.results;
  }

  draw(): Draw {
    if (!this.random) throw new GraphError(`the graph "${this.name}" has no source of random numbers`);
    return this.random.draw(this);
  }

  /** The user's lines that made a node; several where nodes merged. */
  originsOf(node: Node): readonly Origin[] {
    const seen = new Map<string, Origin>();
    for (const lazy of this.#origins.get(node) ?? []) {
      const origin = "file" in lazy ? lazy : resolve(lazy);
      if (origin) seen.set(`${origin.file}:${origin.line}:${origin.column} ${origin.scope}`, origin);
    }
    return [...seen.values()];
  }

  /** The name scope in which a node was first made. */
  scopeOf(node: Node): string {
    for (const { scope } of this.#origins.get(node) ?? []) return scope;
    return "";
  }

  /** Nodes made by `build` come from where `nodes` came from: for passes and gradient rules. */
  inherit<T>(nodes: readonly Node[], build: () => T): T {
    const before = this.#inherited;
    this.#inherited = nodes;
    try {
      return build();
    } finally {
      this.#inherited = before;
    }
  }

  #remember(node: Node): void {
    const origins = this.#inherited
      ? this.#inheritedFrom(this.#inherited)
      : [lazyOrigin(currentScope(), captureStack())];
    const known = this.#origins.get(node);
    if (!known) this.#origins.set(node, origins);
    else if (known.length < maxOrigins && known !== origins) {
      const more = origins.filter((origin) => !known.includes(origin));
      if (more.length > 0) this.#origins.set(node, [...known, ...more]);
    }
  }

  #inheritedFrom(nodes: readonly Node[]): readonly LazyOrigin[] {
    const originsOf = (n: Node) => (n.results[0]!.owner as Builder).#origins.get(n) ?? noOrigins;
    if (nodes.length === 1) {
      const own = originsOf(nodes[0]!);
      if (own.length <= maxOrigins) return own;
    }
    const lists = nodes.map(originsOf);
    return [...new Set(lists.flat().slice(0, maxOrigins))];
  }
}

class NodeResult implements Value {
  constructor(
    readonly owner: Builder,
    readonly node: Node,
    readonly index: number,
    readonly type: TensorType,
  ) {}

  get from(): string {
    const { op, attrs } = this.node;
    if (op.lower.kind !== "leaf") return this.owner.scopeOf(this.node);
    const { name, parameter } = attrs as { readonly name?: string; readonly parameter?: Parameter };
    return parameter?.name ?? name ?? "";
  }
}

/** Formatting a stack costs far more than taking it, so it waits until someone asks. */
function lazyOrigin(scope: string, holder: { readonly stack?: string }): LazyOrigin {
  return {
    scope,
    get stack() {
      return holder.stack;
    },
  };
}

const resolved = new WeakMap<object, Origin | null>();
function resolve(lazy: { readonly scope: string; readonly stack?: string }): Origin | null {
  let origin = resolved.get(lazy);
  if (origin === undefined) {
    const found = userOrigin(lazy.stack);
    origin = found ? { ...found, scope: lazy.scope } : null;
    resolved.set(lazy, origin);
  }
  return origin;
}

const attrKeys = new WeakMap<Attrs, string>();

function keyOfAttrs(attrs: Attrs): string {
  let key = attrKeys.get(attrs);
  if (key === undefined) attrKeys.set(attrs, (key = keyOf(attrs)));
  return key;
}

const objectIds = new WeakMap<object, number>();
let nextObjectId = 0;

function idOf(object: object): number {
  let id = objectIds.get(object);
  if (id === undefined) objectIds.set(object, (id = nextObjectId++));
  return id;
}

/** A string equal for equal attributes; long arrays and sub-graphs count as equal only when they are the same object. */
export function keyOf(attr: Attr): string {
  if (typeof attr === "number") return Object.is(attr, -0) ? "-0" : String(attr);
  if (typeof attr !== "object" || attr === null) return typeof attr === "string" ? JSON.stringify(attr) : String(attr);
  if (Array.isArray(attr)) return `[${attr.map(keyOf).join()}]`;
  if (ArrayBuffer.isView(attr)) {
    const data = attr as Float32Array;
    if (data.length <= 32) return `${data.constructor.name}[${Array.from(data, (x) => keyOf(x)).join()}]`;
    return `array#${idOf(attr)}`;
  }
  if (isGraph(attr)) return `graph#${idOf(attr)}`;
  const record = attr as { readonly [key: string]: Attr; readonly kind?: Attr };
  if (record.kind === "size") return `<${String(record.text)}>`;
  if (record.kind === "parameter") return `parameter#${String(record.id)}`;
  if (typeof attr === "function") throw new InternalError("an attribute cannot be a function");
  return `{${Object.keys(record)
    .sort()
    .map((k) => `${k}:${keyOf(record[k])}`)
    .join()}}`;
}
