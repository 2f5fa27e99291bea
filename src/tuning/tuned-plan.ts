// The plan of an executable by measured schedules: what is not known yet is measured on a device made for it.
import type { Plan } from "#ir/plan.js";
import type { CompileOptions } from "#passes/compile.js";
import type { Schedules } from "#passes/contraction-schedules.js";
import type { Observer } from "#passes/pass.js";
import type { BackendName } from "#runtime/backend.js";
import { Device } from "#runtime/device.js";
import { launchTimes } from "./launch-times.js";
import type { ScheduleCache } from "./schedule-cache.js";
import { tuned } from "./tune.js";

export interface TunedFor {
  readonly backend: BackendName;
  readonly relaxed: boolean;
  /** Shown the plan's making once, after all is measured. */
  readonly observe: Observer | undefined;
}

export function tunedPlan(planBy: (options: CompileOptions) => Plan, cache: ScheduleCache, how: TunedFor): Plan {
  const { backend, relaxed, observe } = how;
  let device: Device | null = null;
  let last: Schedules | null = null;
  const plan = tuned(
    (schedules) => planBy({ schedules: (last = schedules) }),
    relaxed ? `${backend} relaxed` : backend,
    cache,
    (candidate, steps) => launchTimes(candidate, steps, (device ??= new Device({ backend })), backend, { relaxed }),
  );
  return observe ? planBy({ observe, schedules: last! }) : plan;
}
