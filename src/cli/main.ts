#!/usr/bin/env node
// The command line: `gradloom run | compare | dot | ir | summary | check` on a model script.
import { report } from "./failure.js";
import { gradloomProgram } from "./program.js";

const program = gradloomProgram();
try {
  await program.parseAsync();
} catch (error) {
  report(error, program.opts<{ debug?: boolean }>().debug ?? false);
}
