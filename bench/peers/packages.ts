// The packages of bench/package.json, which only the comparison needs: found in bench/node_modules, also from dist/.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const folder = new URL(import.meta.url.includes("/dist/bench/") ? "../../bench/" : "../", import.meta.url);
const require = createRequire(new URL("package.json", folder));

/** A file of a package, as a path. */
export const packageFile = (path: string): string => new URL(`node_modules/${path}`, folder).pathname;

/** A package as CommonJS. Throws where it is not installed. */
export function required<T>(name: string): T {
  mustBeThere(name);
  return require(name) as T;
}

/** A module of a package, by its file. Throws where it is not installed. */
export async function imported<T>(path: string): Promise<T> {
  mustBeThere(path);
  return (await import(pathToFileURL(packageFile(path)).href)) as T;
}

function mustBeThere(path: string): void {
  if (!existsSync(packageFile(path))) {
    throw new Error(`bench: ${path} is not installed: run \`npm --prefix bench ci\``);
  }
}
