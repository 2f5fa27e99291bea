// Packages that work in Node.js alone. They are loaded by names that are no literals, so that bundlers for browsers leave them out.
const load = (name: string): Promise<unknown> => import(/* @vite-ignore */ /* webpackIgnore: true */ name);

/** Progress bars. */
export const cliProgress = () => load("cli-progress") as Promise<typeof import("cli-progress")>;

/** PNG images of SVG documents. */
export const resvg = () => load("@resvg/resvg-js") as Promise<typeof import("@resvg/resvg-js")>;
