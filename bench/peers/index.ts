// The libraries of the comparison, by the names they are asked for.
import type { CompileSettings } from "../../src/index.js";
import { eagerStep } from "./gradloom-eager.js";
import { gradloomStep } from "./gradloom.js";
import { jaxJs } from "./jax.js";
import { ortWeb } from "./ort.js";
import type { MakeStep } from "./peer.js";
import { plainStep } from "./plain.js";
import { tfjs } from "./tfjs.js";

export interface Library {
  readonly title: string;
  /** Whether it is gradloom, and no peer. */
  readonly ours?: true;
  load(): Promise<MakeStep>;
}

const compiled = (threads: number) => () =>
  Promise.resolve<MakeStep>((task) => gradloomStep(task, { threads } as CompileSettings));

// In this order: ort-web makes a global Worker, after which jax-js would take its memory for a shared one.
export const libraries: Readonly<Record<string, Library>> = {
  gradloom: { title: "gradloom", ours: true, load: compiled(1) },
  "gradloom-2": { title: "gradloom, 2 threads", ours: true, load: compiled(2) },
  "gradloom-eager": { title: "gradloom, eager", ours: true, load: () => Promise.resolve(eagerStep) },
  tfjs: { title: "tfjs-wasm 4.22.0", load: tfjs },
  jax: { title: "jax-js 0.1.25", load: jaxJs },
  ort: { title: "ort-web 1.30.0", load: () => ortWeb(1) },
  "ort-2": { title: "ort-web, 2 threads", load: () => ortWeb(2) },
  plain: { title: "a JavaScript loop", load: () => Promise.resolve(plainStep) },
};
