// Where things come from: the line of the user's program, found on the stack, and the name scope.
import { GraphError, type Origin, placeError } from "./errors.js";

const ownFolders = foldersAround(import.meta.url);

/**
 * Where gradloom's files lie: `ir/` and its neighbours among the sources, in the package the one folder that holds everything. Null
 * in a bundle that is no module, where nothing says it.
 */
function foldersAround(here: string | undefined): readonly string[] | null {
  if (here === undefined) return null;
  const folder = new URL(".", here).href;
  if (!folder.endsWith("/ir/")) return [folder];
  return ["ir/", "src/", "passes/", "runtime/"].map((name) => new URL(`../${name}`, folder).href);
}

const scopes: string[] = [];

/** Runs `build` inside the name scope `name`; nested scopes join with `/`. */
export function withScope<T>(name: string, build: () => T): T {
  scopes.push(scopes.length > 0 ? `${scopes[scopes.length - 1]}/${name}` : name);
  try {
    return build();
  } finally {
    scopes.pop();
  }
}

/** The name scope in force; empty at top level. */
export function currentScope(): string {
  return scopes[scopes.length - 1] ?? "";
}

/** The first frame of a stack trace that is neither gradloom's nor the platform's; null where there is none. */
export function userOrigin(stack: string | undefined): Origin | null {
  if (!ownFolders) return null;
  for (const frame of (stack ?? "").split("\n")) {
    // A path begins where the frame does, after a space, a parenthesis or, in Firefox, an @: that of `node:internal/…` does not.
    const found = /(?:^|[\s(@])((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/.exec(frame.trim());
    if (!found) continue;
    const file = found[1]!;
    if (isOwn(file) || file.includes("/node_modules/")) continue;
    return { file: shorten(file), line: Number(found[2]), column: Number(found[3]), scope: currentScope() };
  }
  return null;
}

function isOwn(file: string): boolean {
  const href = file.startsWith("/") ? `file://${file}` : file;
  return ownFolders!.some((own) => href.startsWith(own));
}

/** The path as one would type it: relative to the working directory where it lies below it. */
function shorten(file: string): string {
  const path = file.replace(/^file:\/\//, "");
  const here = typeof process === "undefined" ? "" : `${process.cwd()}/`;
  return here && path.startsWith(here) ? path.slice(here.length) : path;
}

/** Runs what a user called; GraphErrors out of it get `op` before them and the user's line, unless an op has placed them. */
export function atUserLine<T>(call: () => T, op = ""): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof GraphError) || error.placed) throw error;
    throw placeError(error, op, [], userOrigin(captureStack().stack));
  }
}

/** A stack trace deep enough to reach the user, taken now and formatted only when read. */
export function captureStack(): { readonly stack?: string } {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const holder: { stack?: string } = {};
  if (Error.captureStackTrace) Error.captureStackTrace(holder, captureStack);
  else holder.stack = new Error().stack;
  Error.stackTraceLimit = limit;
  return holder;
}
