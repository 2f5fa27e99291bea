// Plan text: the buffers with their places, the launches in order, what goes in and comes out.
import { itemSize } from "./dtype.js";
import { alignRows } from "./errors.js";
import type { Place, Plan, Step } from "./plan.js";
import { printKernel } from "./print-kernel.js";

export interface PrintPlanOptions {
  /** Adds the text of every kernel. */
  readonly kernels?: boolean;
}

/** The text of a plan, without a newline at the end. For people; nothing reads it back. */
export function printPlan(plan: Plan, options: PrintPlanOptions = {}): string {
  const { naive, planned, lowerBound } = plan.memory;
  const buffers = plan.buffers.map(({ name, dtype, length, place, live }, i) => [
    `b${i}`,
    name,
    `${dtype}[${length}]`,
    `${length * itemSize(dtype)} bytes`,
    printPlace(place),
    `live ${live[0]}..${live[1]}`,
  ]);
  const kernels = options.kernels ? plan.steps.flatMap((s) => ["", printKernel(s.kernel)]) : [];
  return [
    `plan ${plan.name} {`,
    `  memory ${planned} bytes planned, ${lowerBound} at least, ${naive} without sharing`,
    ...plan.feeds.map(
      (f) => `  feed ${f.name}: ${f.dtype}[${f.shape.join()}] ${f.buffer === null ? "unused" : `b${f.buffer}`}`,
    ),
    ...alignRows(buffers),
    ...plan.steps.map(
      (step, i) => `  step ${i}: ${printStep(step)}  // ${step.kernel.flops} flops, ${step.kernel.bytes} bytes`,
    ),
    ...plan.outputs.map((o) => `  output ${o.name}: ${o.dtype}[${o.shape.join()}] b${o.buffer}`),
    ...plan.failures.map((f, i) => `  failure ${i}: ${f.message}`),
    "}",
    ...kernels,
  ].join("\n");
}

/** `scratch +128`, `parameter w`, `argument 2`. */
export function printPlace(place: Place): string {
  switch (place.at) {
    case "scratch":
      return `scratch +${place.offset}`;
    case "feed":
    case "output":
      return `${place.at} ${place.name} +${place.offset}`;
    case "parameter":
      return `parameter ${place.parameter.name}`;
    case "constant":
      return "constant";
    case "argument":
      return `argument ${place.index}`;
  }
}

/** `relu(b0 read, b1 write)`. */
export function printStep({ kernel, buffers }: Step): string {
  return `${kernel.name}(${buffers.map((b, i) => `b${b} ${kernel.buffers[i]?.access ?? "?"}`).join(", ")})`;
}
