// Serves a page with one script, bundled from the sources, with or without the headers that shared memory needs.
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = `<!doctype html><title>gradloom</title><script type="module">
globalThis.trained = async () => (await import("/script.js")).train();
</script>`;
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** A file, or text that stands in the root folder, and all it imports as one script. */
export function bundle(source: string | { readonly stdin: string }): string {
  const options = ["--bundle", "--format=esm", "--conditions=gradloom-source", "--external:node:*", "--target=es2022"];
  // What tsx brings along.
  const esbuild = join(root, "node_modules/.bin/esbuild");
  const [files, input] = typeof source === "string" ? [[source], ""] : [[], source.stdin];
  return execFileSync(esbuild, [...files, ...options], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26, input });
}

export interface PageServer {
  readonly url: string;
  close(): void;
}

/** `isolated`: whether the page may share memory. */
export async function servePage(script: string, isolated: boolean): Promise<PageServer> {
  const server: Server = createServer(({ url }, response) => {
    const isScript = url === "/script.js";
    const type = { "Content-Type": isScript ? "text/javascript" : "text/html" };
    response.writeHead(200, { ...type, ...(isolated ? isolation : {}) });
    response.end(isScript ? script : page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
