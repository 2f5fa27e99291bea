// A training that may be killed: argv has the folder of checkpoints, the file for the final weights, epochs, the mode.
import { writeFileSync } from "node:fs";
import { callbacks, fit } from "gradloom";
import { classifier, twoClouds } from "./models.js";

const [folder, file, epochs, mode] = process.argv.slice(2) as [string, string, string, "compiled" | "eager"];
const model = classifier.create();
let said = false;
const history = await fit(model, twoClouds(50), {
  mode,
  epochs: Number(epochs),
  batchSize: 8,
  validation: twoClouds(30, 1),
  callbacks: [
    callbacks.checkpoints(folder, { every: 1, everySteps: 3, resume: true }),
    callbacks.earlyStopping({ patience: 1000 }),
    {
      name: "herald",
      stepEnd() {
        if (!said) process.send?.("begun");
        said = true;
      },
    },
  ],
});
writeFileSync(`${file}.losses`, JSON.stringify([...history.losses]));
writeFileSync(file, model.toBytes());
