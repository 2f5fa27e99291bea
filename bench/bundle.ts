// Configuration of rolldown: what runs in processes of its own, with the library as it is published.
import { defineConfig } from "rolldown";
import { bundle, output } from "../rolldown.config.js";

export default defineConfig({
  ...bundle,
  input: ["bench/compare-child.ts", "bench/first-run-child.ts", "bench/modes-child.ts"],
  output: { ...output, dir: "dist/bench" },
});
