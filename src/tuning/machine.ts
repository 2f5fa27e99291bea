// What measured times depend on besides the kernel: the machine and the engine; and where a machine keeps caches.
import type * as Fs from "node:fs";
import type * as Os from "node:os";
import type * as Path from "node:path";

/** Node's modules, where there are any: not imported, so that pages load without them. */
export interface Modules {
  readonly fs: typeof Fs;
  readonly os: typeof Os;
  readonly path: typeof Path;
}

/** Null in pages, and in a Node before 20.16, which has no way to load them at once. */
export function nodeModules(): Modules | null {
  const load = globalThis.process?.getBuiltinModule as ((name: string) => unknown) | undefined;
  if (!load) return null;
  const [fs, os, path] = ["node:fs", "node:os", "node:path"].map((name) => load(name));
  return { fs, os, path } as Modules;
}

/** `Intel(R) Xeon(R) @ 2.20GHz, 2 cores, Node 20.20.2, V8 11.3.244.8`: equal where times can be compared. */
export function machineName(): string {
  const node = nodeModules();
  if (!node) return "this page";
  const cpus = node.os.cpus();
  const { node: version, v8 } = process.versions;
  return `${cpus[0]?.model ?? process.arch}, ${cpus.length} cores, Node ${version}, V8 ${v8}`;
}

/** The file in the user's cache directory; null where there are no files. */
export function defaultFile(): string | null {
  const node = nodeModules();
  if (!node) return null;
  const { path, os } = node;
  const home = os.homedir();
  const set = process.env.XDG_CACHE_HOME;
  const usual: Readonly<Record<string, string>> = {
    darwin: path.join(home, "Library", "Caches"),
    win32: process.env.LOCALAPPDATA ?? path.join(home, "AppData", "Local"),
  };
  const folder = set && path.isAbsolute(set) ? set : (usual[process.platform] ?? path.join(home, ".cache"));
  return path.join(folder, "gradloom", "schedules.json");
}
