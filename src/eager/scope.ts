// Scopes: everything eager that is made inside is freed at the end, whatever happens, except what is returned or kept.
import { GraphError } from "#ir/errors.js";
import { EagerTensor } from "./eager-tensor.js";
import { closeFrame, openFrame } from "./lifetime.js";

/**
 * Runs `compute` and frees every eager tensor made meanwhile, except those it returns (in arrays, maps and records too)
 * and those given to `keep`. Survivors become leaves: no gradient flows back into the scope. Scopes nest; a survivor then
 * belongs to the scope around. Throws GraphError for async functions, which would go on after the end.
 */
export function scope<T>(compute: () => T): T {
  if (compute.constructor.name === "AsyncFunction") throw asyncError();
  const frame = openFrame();
  let survivors: ReadonlySet<unknown> = new Set();
  try {
    const result = compute();
    if (isThenable(result)) throw asyncError();
    survivors = tensorsIn(result);
    return result;
  } finally {
    closeFrame(frame, survivors);
  }
}

/** Exempts what holds eager tensors from every scope; they are freed by `dispose` or when dropped. Returns its argument. */
export function keep<T>(value: T): T {
  for (const tensor of tensorsIn(value)) tensor.kept = true;
  return value;
}

function asyncError(): GraphError {
  return new GraphError("scope: an async function would still be running when its tensors are freed", {
    help: "open a scope around the synchronous parts, and await outside",
  });
}

function isThenable(x: unknown): boolean {
  return typeof x === "object" && x !== null && typeof (x as { then?: unknown }).then === "function";
}

/** The eager tensors in a value: itself, through arrays, maps, sets and plain records, and in a property `handle`. */
function tensorsIn(value: unknown): ReadonlySet<EagerTensor> {
  const found = new Set<EagerTensor>();
  const seen = new Set<unknown>();
  const left: unknown[] = [value];
  while (left.length > 0) {
    const x = left.pop();
    if (typeof x !== "object" || x === null || seen.has(x)) continue;
    seen.add(x);
    if (x instanceof EagerTensor) found.add(x);
    else if (Array.isArray(x) || x instanceof Set) for (const item of x) left.push(item);
    else if (x instanceof Map) for (const item of x.values()) left.push(item);
    else if ("handle" in x) left.push(x.handle);
    else if (isPlain(x)) for (const item of Object.values(x)) left.push(item);
  }
  return found;
}

function isPlain(x: object): boolean {
  const proto: unknown = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}
