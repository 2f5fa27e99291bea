// The memory map of a plan: every buffer of the scratch region as a box, launches from left to right, bytes upwards.
// Heights are to scale but for a smallest one, which leaves room for a name.
import { itemSize } from "#ir/dtype.js";
import { mostTurns } from "#ir/plan-flow.js";
import type { Plan, PlannedBuffer, Region } from "#ir/plan.js";
import { inUnits } from "#runtime/device.js";
import type { RootGraphModel } from "ts-graphviz";
import { withCommas } from "../amounts.js";
import { escape, html } from "./labels.js";
import { ink, paints, type Role } from "./palette.js";
import { canvas } from "./graph-picture.js";

/** In inches. */
const stepWidth = 1.5;
const smallest = 0.3;

interface Block {
  readonly buffer: PlannedBuffer;
  readonly from: number;
  readonly to: number;
  readonly role: Role;
}

/** The picture, for the engine "neato": every box states its place. */
export function memoryMap(plan: Plan): RootGraphModel {
  const { planned, naive, lowerBound } = plan.memory;
  const saved =
    planned > 0 ? `${(naive / planned).toFixed(2)} times less than without sharing (${inUnits(naive)})` : "";
  const note = `${inUnits(planned)} planned, at least ${inUnits(lowerBound)} needed, ${saved}`;
  const picture = canvas(plan.name, `${plan.name}, memory`, planned > 0 ? note : "no scratch memory");
  picture.apply({ splines: "line", overlap: true, outputorder: "nodesfirst" });
  const blocks = blocksOf(plan);
  const heightOf = scaleOf(blocks);
  const top = heightOf(Math.max(1, ...blocks.map((block) => block.to)));
  plan.steps.forEach(({ kernel }, i) => column(picture, i, kernel.name, kernel.ops, top));
  plan.regions.forEach((_, i) => band(picture, plan, i, top));
  for (const [i, block] of blocks.entries()) place(picture, `b${i}`, block, heightOf);
  for (const offset of ticksOf(blocks)) tick(picture, offset, heightOf(offset));
  persistent(picture, plan, top);
  return picture;
}

function blocksOf(plan: Plan): readonly Block[] {
  return plan.buffers.flatMap((buffer) => {
    const { place } = buffer;
    if (!("offset" in place) || buffer.length === 0) return [];
    const to = place.offset + buffer.length * itemSize(buffer.dtype);
    const role = place.at === "feed" ? "input" : place.at === "output" ? "output" : "forward";
    return [{ buffer, from: place.offset, to, role } as const];
  });
}

/** Inches above the bottom for a byte offset: the cuts between blocks, each at least as high as its smallest block needs. */
function scaleOf(blocks: readonly Block[]): (offset: number) => number {
  const cuts = [...new Set([0, ...blocks.flatMap((block) => [block.from, block.to])])].sort((a, b) => a - b);
  const total = cuts.at(-1)! || 1;
  const heights = [0];
  for (let i = 1; i < cuts.length; i++) {
    const [low, high] = [cuts[i - 1]!, cuts[i]!];
    const padding = blocks.every((block) => block.to <= low || block.from >= high);
    heights.push(heights[i - 1]! + (padding ? 0.05 : smallest + (5 * (high - low)) / total));
  }
  const known = new Map(cuts.map((cut, i) => [cut, heights[i]!]));
  return (offset) => known.get(offset) ?? 0;
}

function place(picture: RootGraphModel, id: string, block: Block, heightOf: (offset: number) => number): void {
  const { buffer, from, to, role } = block;
  const [first, last] = buffer.live;
  const [low, high] = [heightOf(from), heightOf(to)];
  const width = (last - first + 1) * stepWidth;
  const { fill, line, text } = paints[role];
  const whole = buffer.place.at === "output" ? buffer.place.name : buffer.name;
  const name = whole.length > width * 11 ? `${whole.slice(0, Math.floor(width * 11) - 1)}…` : whole;
  const size = inUnits(to - from);
  const label =
    high - low > 0.42
      ? html([
          `<b>${escape(name)}</b>`,
          `<font point-size="9">${buffer.dtype}[${buffer.length}]&#160;&#160;${size}</font>`,
        ])
      : html([`<b>${escape(name)}</b>&#160;&#160;<font point-size="9">${size}</font>`]);
  picture.createNode(id, {
    label,
    tooltip: `${buffer.name}: ${withCommas(from)} to ${withCommas(to)}, launches ${first + 1} to ${last + 1}`,
    ...boxAt(first * stepWidth + width / 2, (low + high) / 2, width - 0.06, Math.max(0.05, high - low - 0.04)),
    style: "rounded,filled",
    fillcolor: fill,
    color: line,
    fontcolor: text,
    fontsize: 10,
    margin: "0.02,0.01",
  });
}

/** The head of a launch's column, with a stripe under it. */
function column(picture: RootGraphModel, step: number, name: string, ops: readonly string[], top: number): void {
  const middle = (step + 0.5) * stepWidth;
  picture.createNode(`stripe${step}`, {
    label: "",
    ...boxAt(middle, top / 2, stepWidth, top + 0.1),
    style: "filled",
    fillcolor: step % 2 === 0 ? "#f6f8fa" : "#ffffff",
    color: "#ffffff00",
  });
  const shown = ops.length > 0 ? ops : [name];
  const lines = shown.slice(0, 4).map((op) => `<font point-size="8" color="${ink.faint}">${escape(op)}</font>`);
  if (shown.length > 4) lines.push(`<font point-size="8" color="${ink.faint}">and ${shown.length - 4} more</font>`);
  picture.createNode(`head${step}`, {
    label: html([`<b>launch ${step + 1}</b>`, ...lines]),
    ...boxAt(middle, -0.58, stepWidth, 0.95),
    shape: "none",
    labelloc: "t",
    fontsize: 11,
    fontcolor: ink.title,
  });
}

/** A bar above the launches of a loop or a branch; those inside of others lie lower. */
function band(picture: RootGraphModel, { buffers, regions }: Plan, index: number, top: number): void {
  const region = regions[index]!;
  const heightOf = (i: number): number => {
    const inside = regions.map((r, k) => (k > i && r.from < regions[i]!.to ? heightOf(k) : 0));
    return 1 + Math.max(0, ...inside);
  };
  const width = (region.to - region.from) * stepWidth;
  picture.createNode(`region${index}`, {
    label: titleOf(region, (i) => buffers[i]!.name),
    ...boxAt(region.from * stepWidth + width / 2, top + 0.3 * heightOf(index), width - 0.06, 0.22),
    style: "rounded,filled",
    fillcolor: "#eef1f4",
    color: ink.faint,
    fontcolor: ink.title,
    fontsize: 10,
  });
}

function titleOf(region: Region, nameOf: (buffer: number) => string): string {
  if (region.kind === "branch") return `if ${region.when ? "" : "not "}${nameOf(region.on)}`;
  const most = mostTurns(region);
  if (region.kind === "while") return `while ${nameOf(region.go)}, at most ${withCommas(most)} turns`;
  return `${typeof region.times === "number" ? "" : "at most "}${withCommas(most)} turns`;
}

function ticksOf(blocks: readonly Block[]): readonly number[] {
  return [...new Set([0, ...blocks.flatMap((block) => [block.from, block.to])])].filter((x) => x % 64 === 0);
}

function tick(picture: RootGraphModel, offset: number, height: number): void {
  picture.createNode(`tick${offset}`, {
    label: `+${withCommas(offset)}`,
    ...boxAt(-0.55, height, 0.9, 0.16),
    shape: "plain",
    fontsize: 9,
    fontcolor: ink.faint,
  });
}

/** What lives outside the scratch region, as a list on the right. */
function persistent(picture: RootGraphModel, plan: Plan, top: number): void {
  const kept = new Map<unknown, { readonly name: string; readonly bytes: number; readonly at: Role }>();
  for (const { name, dtype, length, place } of plan.buffers) {
    const bytes = length * itemSize(dtype);
    if (place.at === "parameter") kept.set(place.parameter, { name: place.parameter.name, bytes, at: place.at });
    if (place.at === "constant") kept.set(place, { name, bytes, at: place.at });
  }
  const rows = [...kept.values()];
  const x = plan.steps.length * stepWidth + 1.6;
  rows.forEach(({ name, bytes, at }, i) => {
    const { fill, line, text } = paints[at];
    picture.createNode(`kept${i}`, {
      label: html([`<b>${escape(name)}</b>&#160;&#160;<font point-size="9">${inUnits(bytes)}</font>`]),
      ...boxAt(x, top - 0.2 - i * 0.42, 2.2, 0.32),
      style: "rounded,filled",
      fillcolor: fill,
      color: line,
      fontcolor: text,
      fontsize: 10,
    });
  });
  if (rows.length === 0) return;
  picture.createNode("kept", {
    label: "kept between runs",
    ...boxAt(x, top + 0.2, 2.2, 0.25),
    shape: "plain",
    fontsize: 11,
    fontcolor: ink.title,
  });
}

/** A fixed place and size, in inches. */
function boxAt(x: number, y: number, width: number, height: number) {
  const pos = `${x.toFixed(3)},${y.toFixed(3)}!`;
  return { pos, width: Number(width.toFixed(3)), height: Number(height.toFixed(3)), fixedsize: true } as const;
}
