// The engines that derived eager tests run on.
import type { EagerEngine } from "#src/eager/engine.js";
import { onReference } from "./fake-device.js";

export const engines: readonly { readonly name: string; readonly make: () => EagerEngine }[] = [
  { name: "the reference", make: () => onReference().engine },
];
