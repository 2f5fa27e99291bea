// Runs modules one after another in this process and prints what each block of them printed, as JSON.
import { writeSync } from "node:fs";
import { format } from "node:util";

/** What a program printed, block by block, and what it threw. */
export interface Ran {
  readonly printed: readonly string[];
  readonly thrown: string | null;
}

const ran: Ran[] = [];
for (const file of process.argv.slice(2)) {
  const printed: string[] = [""];
  let block = 0;
  Object.assign(globalThis, { __block: (i: number) => (printed[(block = i)] = "") });
  console.log = (...args: unknown[]) => void (printed[block] += `${format(...args)}\n`);
  let thrown: string | null = null;
  try {
    await import(file);
  } catch (error) {
    thrown = String(error);
  }
  ran.push({ printed: printed.map((text) => text.trimEnd()), thrown });
}
writeSync(1, JSON.stringify(ran));
