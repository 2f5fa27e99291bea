// What a training was like.

/** One epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Steps taken so far. */
  readonly steps: number;
  /** Seconds so far, validation included. */
  readonly seconds: number;
  /** `loss`, the mean of the epoch's rows; `validation loss` and a `validation …` for each metric where it was validated. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A figure by epochs, as `plots.lines` takes it. */
export interface Curve {
  /** Epochs, from 1. */
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** What `fit` gives back. */
export class History {
  constructor(
    readonly epochs: readonly EpochRecord[],
    /** The loss of every step. */
    readonly losses: Float64Array,
    /** Rows of all batches, summed. */
    readonly items: number,
    /** Of training and validation together, compiling included; a resumed training counts those before too. */
    readonly seconds: number,
    /** Why it ended before its last epoch; null where it did not. */
    readonly stopped: string | null,
  ) {}

  /** Steps taken. */
  get steps(): number {
    return this.losses.length;
  }

  /** The mean loss of every epoch. */
  get epochLosses(): readonly number[] {
    return this.epochs.map(({ figures }) => figures.loss!);
  }

  /** Every figure by epochs: `curves["validation loss"]`. */
  get curves(): Readonly<Record<string, Curve>> {
    const curves: Record<string, { x: number[]; y: number[] }> = {};
    for (const { epoch, figures } of this.epochs) {
      for (const [name, value] of Object.entries(figures)) {
        const curve = (curves[name] ??= { x: [], y: [] });
        curve.x.push(epoch);
        curve.y.push(value);
      }
    }
    return curves;
  }

  /** The epoch with the least `validation loss`, or `loss` where nothing was validated; null where there is no epoch. */
  get best(): EpochRecord | null {
    const name = this.epochs.some(({ figures }) => "validation loss" in figures) ? "validation loss" : "loss";
    const known = this.epochs.filter(({ figures }) => name in figures);
    return known.reduce<EpochRecord | null>((best, at) => (best && best.figures[name]! <= at.figures[name]! ? best : at), null); // prettier-ignore
  }
}
