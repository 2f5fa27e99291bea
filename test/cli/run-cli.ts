// Runs the command line as a user would: in a process of its own, from the sources.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fromSource = ["--conditions=gradloom-source", "--import", "tsx", "src/cli/main.ts"];

/** What a process printed and how it ended. */
export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `gradloom` with arguments. */
export function gradloom(...args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const options = {
      cwd: root,
      env: { ...process.env, VITEST: undefined, NODE_OPTIONS: undefined },
      maxBuffer: 2 ** 26,
    };
    execFile(process.execPath, [...fromSource, ...args], options, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err });
    });
  });
}
