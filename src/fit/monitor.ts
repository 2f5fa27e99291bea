// Watches one figure of the epochs: which value was best, and for how many epochs there has been no better one.
import { mistake, requireCount, requireWithin } from "../optim/check.js";
import type { EpochRecord } from "./history.js";
import type { Run } from "./run.js";

/** What to watch. */
export interface MonitorOptions {
  /** A figure: `validation loss`, or `loss` where nothing is validated, if nothing is said. */
  readonly monitor?: string;
  /** Whether less or more is better; more, where nothing is said, for accuracy, precision, recall, f1 and r2. */
  readonly mode?: "min" | "max";
  /** Epochs without a better value that are borne. */
  readonly patience?: number;
  /** How much better a value must be to count; 0 where nothing is said. */
  readonly minDelta?: number;
}

/** What must be remembered. */
export interface MonitorFacts {
  readonly best: number | null;
  readonly bestEpoch: number;
  readonly waited: number;
}

const moreIsBetter = /accuracy|precision|recall|f1|r2|r²/i;

/** A figure being watched. */
export class Monitor {
  /** The best value so far. */
  best: number | null = null;
  /** The epoch of the best value; 0 before the first. */
  bestEpoch = 0;
  /** Epochs since then. */
  waited = 0;
  readonly patience: number;
  readonly #minDelta: number;

  /** Throws a GraphError where an option is out of range. */
  constructor(
    private readonly who: string,
    private readonly options: MonitorOptions,
    patience: number,
  ) {
    this.patience = options.patience ?? patience;
    this.#minDelta = options.minDelta ?? 0;
    requireCount(who, "patience", this.patience);
    requireWithin(who, "minDelta", this.#minDelta, 0, Infinity);
    const { mode = "min" } = options as { readonly mode?: string };
    if (mode !== "min" && mode !== "max") throw mistake(`${who}: mode is ${mode}, not "min" or "max"`);
  }

  /** The name of the figure. */
  nameFor({ figureNames }: Pick<Run, "figureNames">): string {
    return this.options.monitor ?? (figureNames.includes("validation loss") ? "validation loss" : "loss");
  }

  /** Forgets what it saw. */
  reset(): void {
    [this.best, this.bestEpoch, this.waited] = [null, 0, 0];
  }

  /** Looks at an epoch: whether it is the best so far; null where it was not validated. Throws where there is no such figure. */
  see({ epoch, figures }: EpochRecord, run: Pick<Run, "figureNames">): boolean | null {
    const name = this.nameFor(run);
    if (!run.figureNames.includes(name))
      throw mistake(`${this.who}: there is no figure "${name}", only ${run.figureNames.join(", ")}`);
    const value = figures[name];
    if (value === undefined) return null;
    const sign = (this.options.mode ?? (moreIsBetter.test(name) ? "max" : "min")) === "max" ? 1 : -1;
    const better = this.best === null || sign * (value - this.best) > this.#minDelta;
    if (better) [this.best, this.bestEpoch, this.waited] = [value, epoch, 0];
    else this.waited++;
    return better;
  }

  facts(): MonitorFacts {
    return { best: this.best, bestEpoch: this.bestEpoch, waited: this.waited };
  }

  load({ best, bestEpoch, waited }: MonitorFacts): void {
    [this.best, this.bestEpoch, this.waited] = [best, bestEpoch, waited];
  }
}
