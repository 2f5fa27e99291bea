// The published package in a few files: loading hundreds of modules takes longer than compiling a small network.
import { resolve } from "node:path";
import { defineConfig, type OutputOptions, type Plugin, type RolldownOptions } from "rolldown";

/** How sources become files, here and in bench/; packages stay outside. */
export const bundle: RolldownOptions = {
  platform: "node",
  resolve: { conditionNames: ["gradloom-source"] },
  external: (id) => !/^[./#]/.test(id),
  treeshake: { moduleSideEffects: false },
};

/** The comments that stay tell other bundlers what may be left out. */
export const output: OutputOptions = {
  comments: { annotation: true, jsdoc: false, legal: false },
  topLevelVar: true,
  chunkFileNames: "[name].js",
};

const index = resolve("src/index.ts");
/** Files of their own for what is exported as a namespace: bundlers leave out what nobody uses of a module, but not of an object. */
const namespaces: Readonly<Record<string, string>> = {
  callbacks: resolve("src/fit/callbacks.ts"),
  data: resolve("src/data/index.ts"),
  metrics: resolve("src/metrics/index.ts"),
  modes: resolve("src/modes/index.ts"),
  nn: resolve("src/nn/index.ts"),
  optim: resolve("src/optim/index.ts"),
  plots: resolve("src/plots/index.ts"),
  random: resolve("src/randomness.ts"),
};

const namespaceFiles: Plugin = {
  name: "namespace-files",
  resolveId(source, importer) {
    if (importer !== index) return null;
    const file = resolve("src", source.replace(/\.js$/, ".ts"));
    const name = Object.keys(namespaces).find((key) => namespaces[key] === file);
    return name ? { id: `./${name}.js`, external: true } : null;
  },
};

export default defineConfig({
  ...bundle,
  input: { index, cli: "src/cli/main.ts", ...namespaces },
  plugins: [namespaceFiles],
  output: {
    ...output,
    dir: "dist",
    // One file for what a program and the command line that loads it both use; what is loaded on demand has files of its own.
    codeSplitting: { groups: [{ name: "library", test: /^(?!.*\/src\/(cli|pictures)\/)/ }] },
  },
});
