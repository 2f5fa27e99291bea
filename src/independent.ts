// What functions are differentiated at: copies of their arguments that nothing outside of the function was computed from.
import { isFloat, zeros } from "#ir/dtype.js";
import { GradientError } from "#ir/errors.js";
import type { Applier, Operand } from "#ir/node.js";
import { alias } from "#ir/ops/differentiation.js";
import { constant, input } from "#ir/ops/leaves.js";
import { bring } from "#ir/forms.js";
import { elementCount } from "#ir/size.js";
import { isConcrete, printType } from "#ir/type.js";
import { Tensor } from "./tensor.js";
import { operandsOf } from "./tensor-trees.js";

const ordinals = new WeakMap<Applier, number>();

/** A number that no other call gives for this graph. Eager tensors differ anyway, and their kernels are found by attributes. */
function nextOrdinal(root: Applier): number {
  if (root.mode === "eager") return 0;
  const next = ordinals.get(root) ?? 0;
  ordinals.set(root, next + 1);
  return next;
}

/** Whoever applies ops in the end, below all mappings over batches. */
function rootOf(owner: Applier): Applier {
  return owner.outer ? rootOf(owner.outer) : owner;
}

/** The same tensors, told from everything that was computed from them before. Throws a GradientError where one is no float. */
export function aliasesOf(xs: readonly Tensor[], who: string): readonly Tensor[] {
  xs.forEach((x, i) => {
    if (!(x instanceof Tensor)) throw new GradientError(`${who}: input ${i + 1} is ${String(x)}, not a tensor`);
    if (isFloat(x.type.dtype)) return;
    throw new GradientError(`${who}: input ${i + 1} is ${printType(x.type)}, and only floats have gradients`);
  });
  return operandsOf(xs).map((x) => new Tensor(alias(x, nextOrdinal(rootOf(x.owner)))));
}

/** A leaf of the type of `y` that nothing depends on. Its numbers mean nothing: no graph that runs may read it. */
export function freshLeaf(y: Operand): Operand {
  const { dtype, shape } = y.type;
  const root = rootOf(y.owner);
  const name = `cotangent#${nextOrdinal(root)}`;
  const eager = root.mode === "eager" && isConcrete(y.type);
  const made = eager
    ? root.apply(constant, [], { value: zeros(dtype, elementCount(y.type.shape)), dtype, shape })
    : root.apply(input, [], { name, dtype, shape });
  return bring(made[0]!, y.owner);
}

/** Whether one of `ys` was computed from one of `leaves`. */
export function dependsOn(ys: readonly Operand[], leaves: readonly Operand[]): boolean {
  const stack = [...ys];
  const seen = new Set<unknown>();
  for (let y = stack.pop(); y; y = stack.pop()) {
    if (leaves.includes(y)) return true;
    const { node } = y as Operand & { readonly node: { readonly operands: readonly Operand[] } };
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.operands);
  }
  return false;
}
