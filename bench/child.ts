// Measurements in processes of their own: plain Node on built JavaScript, as the users of the package run it.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Bundles gradloom to dist/ and the bench to dist/bench, without checking types: seconds. */
export function build(): void {
  for (const config of ["rolldown.config.ts", "bench/bundle.ts"]) {
    const options = ["-c", config, "--log-level", "warn"];
    execFileSync(process.execPath, [`${root}node_modules/rolldown/bin/cli.mjs`, ...options], { cwd: root });
  }
}

/** What a script of dist/bench prints in its last line, which is JSON; `build` was called before. Throws where it fails, with what it said. */
export function inChild<T>(script: string, ...args: readonly string[]): T {
  return JSON.parse(printedBy(`bench/${script}`, args).trim().split("\n").at(-1)!) as T;
}

/** What the command line prints as JSON; `build` was called before. */
export function inCommandLine<T>(...args: readonly string[]): T {
  return JSON.parse(printedBy("cli", args)) as T;
}

function printedBy(script: string, args: readonly string[]): string {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 } as const;
  try {
    return execFileSync(process.execPath, [`${root}dist/${script}.js`, ...args], options);
  } catch (error) {
    const { status, signal } = error as { readonly status?: number; readonly signal?: string };
    if (status === undefined && signal === undefined) throw error;
    throw new Error(`${script} ${args.join(" ")}: the process ended with ${signal ?? `code ${status}`}`, {
      cause: error,
    });
  }
}
