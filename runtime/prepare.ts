// The table of backends: from a plan to a program, by the backend's name.
import { GraphError } from "#ir/errors.js";
import type { Plan } from "#ir/plan.js";
import type { Backend, BackendName, PrepareOptions, Program } from "./backend.js";
import type { Device } from "./device.js";
import { interpret } from "./interpret.js";
import { js } from "./js.js";
import { wasm } from "./wasm/backend.js";

const backends: Readonly<Record<BackendName, Backend>> = { interpret, js, wasm };

/** The plan as a program on a device. Throws MemoryError where the device has no room for its constants and
 * parameters, GraphError where there is no such backend. */
export function prepare(
  plan: Plan,
  device: Device,
  backend: BackendName = device.backend,
  options: PrepareOptions = {},
): Program {
  if (!Object.hasOwn(backends, backend)) {
    throw new GraphError(`there is no backend "${backend}", only ${Object.keys(backends).join(", ")}`);
  }
  return backends[backend].prepare(plan, device, options);
}
