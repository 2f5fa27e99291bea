// Plan text: the buffers with their places, the launches in order, inside the loops and branches that hold them, what goes in
// and comes out. The turn of region 0 is called i0.
import { itemSize } from "./dtype.js";
import { alignRows } from "./errors.js";
import { type Part, partsOf } from "./plan-flow.js";
import type { Place, Plan, Region, Slice, SliceTerm, Step, Times } from "./plan.js";
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
    ...partsOf(plan).flatMap((part) => indent(printPart(part, plan))),
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

/** `b3 relu_6`. */
export function printPlannedBuffer({ buffers }: Pick<Plan, "buffers">, index: number): string {
  return `b${index} ${buffers[index]?.name ?? ""}`.trimEnd();
}

/** `relu(b0 read, b1[64·i0] write)`. */
export function printStep({ kernel, buffers, slices }: Step, regions: readonly Region[] = []): string {
  const printed = buffers.map((b, i) => {
    const slice = slices?.[i];
    return `b${b}${slice ? `[${printSlice(slice, regions)}]` : ""} ${kernel.buffers[i]?.access ?? "?"}`;
  });
  return `${kernel.name}(${printed.join(", ")})`;
}

/** `loop i0 < 10`, `while i1`, `if not b3`. */
export function printRegion(region: Region, index: number): string {
  if (region.kind === "while") return `while i${index}`;
  if (region.kind === "branch") return `if ${region.when ? "" : "not "}b${region.on}`;
  const { times } = region;
  return `loop i${index} < ${printTimes(times)}${typeof times === "number" ? "" : `, at most ${times.most}`}`;
}

function printPart(part: Part, plan: Plan): readonly string[] {
  if (part.kind === "step") {
    const step = plan.steps[part.step]!;
    const { flops, bytes } = step.kernel;
    return [`step ${part.step}: ${printStep(step, plan.regions)}  // ${flops} flops, ${bytes} bytes`];
  }
  const { region, index } = part;
  const inside = (parts: readonly Part[]) => parts.flatMap((inner) => indent(printPart(inner, plan)));
  const leaving =
    region.kind === "while"
      ? [`  leave unless b${region.go}; after ${region.limit} turns failure ${region.failure}`]
      : [];
  return [`${printRegion(region, index)} {`, ...inside(part.test), ...leaving, ...inside(part.body), "}"];
}

/** `128 + 64·i0`, `32·((i1 + 1) mod 2)`; `i0` counts the turns of region 0. */
function printSlice({ start, terms }: Slice, regions: readonly Region[]): string {
  const printed = terms.map((term) => printTerm(term, regions[term.region]));
  return [...(start !== 0 || terms.length === 0 ? [String(start)] : []), ...printed].join(" + ");
}

function printTerm({ region, step, backwards, plus = 0, wrap }: SliceTerm, loop: Region | undefined): string {
  let text = `i${region}`;
  if (backwards) {
    const times = loop?.kind === "loop" ? loop.times : NaN;
    const last = typeof times === "number" ? String(times - 1 + plus) : `${printTimes(times)} - ${1 - plus}`;
    text = `(${last} - ${text})`;
  } else if (plus !== 0) text = `(${text} ${plus < 0 ? "-" : "+"} ${Math.abs(plus)})`;
  if (wrap !== undefined) text = `(${text} mod ${wrap})`;
  return step === 1 ? text : `${step}·${text}`;
}

function printTimes(times: Times): string {
  return typeof times === "number" ? String(times) : `b${times.buffer}`;
}

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
