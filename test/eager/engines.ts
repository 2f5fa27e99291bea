// The engines that derived eager tests run on.
import { Device } from "#runtime/device.js";
import { engineOn } from "#src/eager/default-engine.js";
import type { EagerEngine } from "#src/eager/engine.js";

export const engines: readonly { readonly name: string; readonly make: () => EagerEngine }[] = [
  { name: "js", make: () => engineOn(new Device({ backend: "js" })) },
  { name: "wasm", make: () => engineOn(new Device({ backend: "wasm" })) },
];
