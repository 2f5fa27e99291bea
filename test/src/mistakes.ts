// Mistakes as users see them: the whole message, with the numbers of the user's line left out.
import { expect } from "vitest";

/** Class, message and place of what `run` throws; `:12:34` at the end of a place in a test is left out. */
export function mistake(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return String(error).replace(/^( {2}at test\/src\/[\w-]+\.test\.ts):\d+:\d+$/m, "$1");
  }
  return "no error";
}

/** Lines of a message. */
export const lines = (...text: readonly string[]): string => text.join("\n");
