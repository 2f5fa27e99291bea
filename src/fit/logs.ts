// Logs of a training, a line for each epoch: tables for spreadsheets, JSON for programs. Only in Node.js.
import { writeWhole } from "../files/write-whole.js";
import type { Callback } from "./callback.js";
import type { EpochRecord } from "./history.js";
import type { Run } from "./run.js";

/** A table with a head, `epoch,steps,seconds,loss,…`: a callback of `fit`. Figures that an epoch does not have are empty. */
export function csvLog(file: string): Callback {
  const row = (cells: readonly (string | number)[]): string => cells.map(quoted).join();
  return lineLog(`csvLog ${file}`, file, {
    head: (run) => [row(["epoch", "steps", "seconds", ...run.figureNames])],
    line: ({ epoch, steps, seconds, figures }, run) =>
      row([epoch, steps, seconds.toFixed(3), ...run.figureNames.map((name) => figures[name] ?? "")]),
  });
}

/** A record of JSON for each epoch, each on a line of its own: a callback of `fit`. */
export function jsonLog(file: string): Callback {
  return lineLog(`jsonLog ${file}`, file, {
    head: () => [],
    line: ({ figures, ...rest }) => JSON.stringify({ ...rest, ...figures }),
  });
}

interface Lines {
  readonly head: (run: Run) => readonly string[];
  readonly line: (record: EpochRecord, run: Run) => string;
}

function lineLog(name: string, file: string, { head, line }: Lines): Callback {
  return {
    name,
    // Begun anew, with the epochs before a resumption: what was logged after the checkpoint will be logged again.
    begin(run) {
      const lines = [...head(run), ...run.records.map((record) => line(record, run))];
      return writeWhole(file, lines.map((text) => `${text}\n`).join(""));
    },
    async epochEnd(record, run) {
      const { appendFile } = await import("node:fs/promises");
      await appendFile(file, `${line(record, run)}\n`);
    },
  };
}

const quoted = (cell: string | number): string =>
  /[",\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell);
