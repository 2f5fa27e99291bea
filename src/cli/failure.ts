// What the user sees when something goes wrong: one message, an exit code, and a stack trace only when asked for.
import { GraphError, printOrigin } from "#ir/errors.js";
import { userOrigin } from "#ir/origin.js";

/** A mistake on the command line, or in a script as a whole; the message says everything. */
export class CommandError extends Error {}

/** Prints an error to the error stream and lets the process end with code 1. */
export function report(error: unknown, debug: boolean): void {
  process.exitCode = 1;
  if (debug && error instanceof Error) {
    console.error(error.stack);
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
      console.error(`caused by ${cause.stack}`);
  } else console.error(describe(error));
}

/** An error as one message: our own classes as they are, others with the line of the script they come from. */
export function describe(error: unknown): string {
  if (error instanceof CommandError) return `gradloom: ${error.message}`;
  if (!(error instanceof Error)) return `gradloom: the script threw ${String(error)}`;
  // Another copy of the library has classes of its own, and the same names.
  const placed = error instanceof GraphError || "placed" in error;
  const at = placed ? null : userOrigin(error.stack);
  return [`${error.name}: ${error.message}`, ...(at ? [`  at ${printOrigin(at)}`] : [])].join("\n");
}
