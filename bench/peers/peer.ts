// What a library of the comparison is.
import type { Task } from "../task.js";
import type { Step } from "../workload.js";

/** A step, or why there is none. */
export type StepOrReason = Step | { readonly reason: string };

/** Makes steps of tasks; a library does not compute every task. */
export type MakeStep = (task: Task) => StepOrReason | Promise<StepOrReason>;

export const without = (reason: string): StepOrReason => ({ reason });
