// Devices and programs for tests of threads.
import type { Executable } from "#src/executable.js";
import type { Feeds } from "#src/feeds.js";
import { Device } from "#runtime/device.js";
import type { Program } from "#runtime/backend.js";

/** A device whose threads share every launch they can. */
export const eagerToShare = (): Device => new Device({ backend: "wasm", barrierSeconds: 0 });

/** Waits until all threads of a program are ready. */
export async function untilReady(program: Program): Promise<void> {
  const end = performance.now() + 60_000;
  while (program.readyThreads < program.threads) {
    if (performance.now() > end)
      throw new Error(`only ${program.readyThreads} of ${program.threads} threads are ready`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The program that an executable runs for feeds, all its threads ready. */
export async function readyProgram(executable: unknown, feeds: Feeds = {}): Promise<Program> {
  const { program } = (executable as Executable).specializationFor(feeds);
  await untilReady(program);
  return program;
}
