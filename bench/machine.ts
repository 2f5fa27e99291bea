// What a file of measurements says of the machine, and how it is written.
import { renameSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";

/** Where and when. */
export interface Machine {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Load averages of a minute, at the beginning and at the end. */
  readonly load: readonly [number, number];
}

/** The load average now. */
export const loadNow = (): number => loadavg()[0]!;

/** This machine, at the end of measurements that began at a load. */
export function machine(before: number): Machine {
  const [{ model } = { model: "unknown" }] = cpus();
  return {
    date: `${new Date().toISOString().slice(0, 16)}Z`,
    node: process.version,
    cpu: model,
    cores: cpus().length,
    load: [before, loadNow()],
  };
}

/** A sentence of it. */
export function machineText({ date, node, cpu, cores, load }: Machine): string {
  const [before, after] = load.map((load) => load.toFixed(1));
  return `Measured ${date} on ${cpu}, ${cores} cores, Node ${node.slice(1)}; load average ${before} before and ${after} after.`;
}

/** Writes results as JSON, with five digits: that is what the clock knows. The file appears whole. */
export function writeResults(file: string, results: Machine): void {
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  writeFileSync(`${file}.part`, `${JSON.stringify(results, rounded, 1)}\n`);
  renameSync(`${file}.part`, file);
}
