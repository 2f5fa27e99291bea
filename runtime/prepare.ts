// The table of backends: from a plan to a program, by the backend's name.
import type { Plan } from "#ir/plan.js";
import type { Backend, BackendName, Program } from "./backend.js";
import type { Device } from "./device.js";
import { interpret } from "./interpret.js";
import { js } from "./js.js";
import { wasm } from "./wasm/backend.js";

const backends: Readonly<Record<BackendName, Backend>> = { interpret, js, wasm };

/** The plan as a program on a device. Throws MemoryError where the device has no room for its constants and parameters. */
export function prepare(plan: Plan, device: Device, backend: BackendName = device.backend): Program {
  return backends[backend].prepare(plan, device);
}
