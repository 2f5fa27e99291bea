// A progress bar on the error stream, where that is a terminal; lines of text otherwise.
import { SingleBar } from "cli-progress";
import { withCommas } from "../pictures/amounts.js";

const everyMs = 100;

/** How far a training has come, with its loss and its speed. */
export class Progress {
  readonly #bar: SingleBar | null = null;
  readonly #start = performance.now();
  #shown = 0;

  constructor(total: number) {
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: "{bar} {percentage} %   loss {loss}   {speed} items/s   {eta_formatted} left",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 50,
    });
    this.#bar.start(total, 0, { loss: "", speed: "" });
  }

  /** Shows the latest figures, at most ten times a second. */
  update(done: number, loss: number, items: number): void {
    const now = performance.now();
    if (!this.#bar || now - this.#shown < everyMs) return;
    this.#shown = now;
    const speed = withCommas(Math.round((items / (now - this.#start)) * 1000));
    this.#bar.update(done, { loss: loss.toPrecision(4), speed });
  }

  /** Prints a line above the bar. */
  print(line: string): void {
    if (this.#bar) process.stderr.write("\r\x1b[K");
    console.log(line);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
