#!/usr/bin/env node
// The command line: `gradloom run | compare | dot | ir | summary | check | gallery` on model scripts.
import { report } from "./failure.js";
import { gradloomProgram } from "./program.js";

// A reader such as `head` may close the pipe before all is written.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const program = gradloomProgram();
try {
  await program.parseAsync();
} catch (error) {
  report(error, program.opts<{ debug?: boolean }>().debug ?? false);
}
