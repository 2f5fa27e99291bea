// A progress bar on the error stream, where that is a terminal, and a line of text for epochs. Only in Node.js.
import { cliProgress } from "../node-packages.js";
import { requireCount, requireKnown } from "../optim/check.js";
import type { Callback } from "./callback.js";
import type { EpochRecord } from "./history.js";

/** Options of the progress bar. */
export interface ProgressOptions {
  /** Prints a line after every so many epochs, the first included; after every one where nothing is said. */
  readonly every?: number;
}

const everyMs = 100;

/** Shows how far a training has come, its loss and its speed: a callback of `fit`. */
export function progressBar(options: ProgressOptions = {}): Callback {
  requireKnown("progressBar", options, ["every"]);
  const { every = 1 } = options;
  requireCount("progressBar", "every", every);
  let bar: import("cli-progress").SingleBar | null = null;
  let [start, shown, before, stepsBefore] = [0, 0, 0, 0];
  return {
    name: "progressBar",
    async begin(run) {
      [start, before, stepsBefore] = [performance.now(), run.items, run.losses.length];
      if (!process.stderr.isTTY) return;
      const { SingleBar } = await cliProgress();
      bar = new SingleBar({
        format: "{bar} {percentage} %   loss {loss}   {speed} items/s   {eta_formatted} left",
        barCompleteChar: "█",
        barIncompleteChar: "░",
        barsize: 30,
        hideCursor: true,
        clearOnComplete: true,
        etaBuffer: 50,
      });
      const total = Number.isFinite(run.mostSteps) ? run.mostSteps : run.epochs;
      bar.start(total, Number.isFinite(run.mostSteps) ? run.losses.length : run.epoch, { loss: "", speed: "" });
    },
    stepEnd(loss, run) {
      const now = performance.now();
      if (!bar || now - shown < everyMs) return;
      shown = now;
      const speed = Math.round(((run.items - before) / (now - start)) * 1000).toLocaleString("en");
      bar.update(Number.isFinite(run.mostSteps) ? run.losses.length : run.epoch, { loss: loss.toPrecision(4), speed });
    },
    epochEnd(record) {
      const steps = record.steps - stepsBefore;
      stepsBefore = record.steps;
      if ((record.epoch - 1) % every !== 0) return;
      if (bar) process.stderr.write("\r\x1b[K");
      // eslint-disable-next-line no-console
      console.log(epochLine(record, steps));
    },
    close: () => bar?.stop(),
  };
}

/** Where an epoch is one step, epochs count the steps before it, as in `loss after 0 steps`. */
function epochLine({ epoch, figures }: EpochRecord, steps: number): string {
  const label = steps === 1 ? `step ${epoch - 1}` : `epoch ${epoch}`;
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toPrecision(6)}`);
  return `${label.padEnd(14)} ${shown.join("   ")}`;
}
