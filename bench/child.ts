// Measurements in processes of their own: plain Node on built JavaScript, as the users of the package run it.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Translates gradloom and the bench to dist/, without checking types: seconds. */
export function build(): void {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}bench/tsconfig.json`]);
}

/** What a script of dist/bench prints in its last line, which is JSON; `build` was called before. Throws where it fails, with what it said. */
export function inChild<T>(script: string, ...args: readonly string[]): T {
  const file = `${root}dist/bench/${script}.js`;
  try {
    const text = execFileSync(process.execPath, [file, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
    return JSON.parse(text.trim().split("\n").at(-1)!) as T;
  } catch (error) {
    const { status, signal } = error as { readonly status?: number; readonly signal?: string };
    if (status === undefined && signal === undefined) throw error;
    throw new Error(`${script} ${args.join(" ")}: the process ended with ${signal ?? `code ${status}`}`, {
      cause: error,
    });
  }
}
