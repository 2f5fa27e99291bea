// The eager engine of the process: on the default device, compiled by the same passes and backend as any graph.
import { compileGraph } from "#passes/compile.js";
import { defaultDevice, type Device } from "#runtime/device.js";
import { prepare } from "#runtime/prepare.js";
import { EagerEngine } from "./engine.js";

let shared: EagerEngine | null = null;

/** The engine that makes and computes eager tensors. */
export function eagerEngine(): EagerEngine {
  return (shared ??= engineOn(defaultDevice()));
}

/** An engine of its own on a device. */
export function engineOn(device: Device): EagerEngine {
  return new EagerEngine(device, (graph, layouts) => {
    const plan = compileGraph(graph, { arguments: true, layouts });
    const program = prepare(plan, device, device.backend);
    return {
      launches: plan.steps.length,
      bytes: plan.steps.reduce((sum, { kernel }) => sum + kernel.bytes, 0),
      run: (addresses) => program.run(addresses),
      dispose: () => program.dispose(),
    };
  });
}
