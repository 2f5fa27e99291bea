// A training that is under way: how far it has come, all that a checkpoint must hold of it.
import { DataError, GraphError } from "#ir/errors.js";
import type { ModelInstance } from "../model-instance.js";
import type { State } from "../nn/state.js";
import { loadNamed } from "../weights.js";
import type { Callback } from "./callback.js";
import { type EpochRecord, History } from "./history.js";

/** What must be the same for a resumed training to be the one that was begun. */
export type Settings = Readonly<Record<string, string | number | boolean | null>>;

/** The part of a checkpoint that is no tensor. */
export interface RunFacts {
  readonly settings: Settings;
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly epochSum: number;
  readonly epochRows: number;
  readonly items: number;
  readonly seconds: number;
  readonly stopped: string | null;
  readonly records: readonly EpochRecord[];
  readonly callbacks: Readonly<Record<string, unknown>>;
}

/** What there is to tell callbacks, and what they can change. */
export class Run {
  /** Complete epochs. */
  epoch = 0;
  /** Steps of the epoch under way. */
  stepInEpoch = 0;
  /** Rows of all batches. */
  items = 0;
  /** Loss of every step, and records of epochs. */
  readonly losses: number[] = [];
  readonly records: EpochRecord[] = [];
  /** Of the epoch under way: the sum of losses times rows, and of rows. */
  #epochSum = 0;
  #epochRows = 0;
  #stopped: string | null = null;
  #secondsBefore = 0;
  #started = performance.now();

  constructor(
    readonly model: ModelInstance,
    /** How many epochs it may take; Infinity where only steps are counted. */
    readonly epochs: number,
    /** How many steps it will take at most; Infinity where that is not known. */
    readonly mostSteps: number,
    /** What the records of epochs may hold. */
    readonly figureNames: readonly string[],
    readonly settings: Settings,
    private readonly callbacks: readonly Callback[],
  ) {}

  /** Ends the training after the step, or epoch, that has just ended; says why. */
  stop(why: string): void {
    this.#stopped ??= why;
  }

  /** Why it ends; null where it goes on. */
  get stopped(): string | null {
    return this.#stopped;
  }

  /** Seconds so far, those before a resumption too. */
  get seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000;
  }

  /** Counts the time from now on. */
  startClock(): void {
    this.#started = performance.now();
  }

  /** Counts a step. */
  addStep(loss: number, rows: number): void {
    this.losses.push(loss);
    this.stepInEpoch++;
    this.items += rows;
    this.#epochSum += loss * rows;
    this.#epochRows += rows;
  }

  /** The mean loss of the rows of the epoch under way. */
  get epochLoss(): number {
    return this.#epochSum / this.#epochRows;
  }

  /** Counts an epoch. */
  endEpoch(figures: EpochRecord["figures"]): void {
    this.epoch++;
    [this.stepInEpoch, this.#epochSum, this.#epochRows] = [0, 0, 0];
    this.records.push({ epoch: this.epoch, steps: this.losses.length, seconds: this.seconds, figures });
  }

  /** What has been so far. */
  history(): History {
    return new History([...this.records], Float64Array.from(this.losses), this.items, this.seconds, this.#stopped);
  }

  /** All that is needed to go on from here, in two parts. */
  snapshot(): { readonly tensors: State; readonly facts: RunFacts } {
    const tensors: Record<string, State[string]> = { ...this.model.state() };
    const losses = Float64Array.from(this.losses);
    tensors["fit/losses"] = { dtype: "f64", shape: [losses.length], data: losses };
    const facts: Record<string, unknown> = {};
    for (const { name, state } of this.callbacks.map((c) => ({ name: c.name, state: c.state?.() }))) {
      if (!state) continue;
      facts[name] = state.facts;
      for (const [path, entry] of Object.entries(state.tensors ?? {})) tensors[`callback/${name}/${path}`] = entry;
    }
    const { settings, epoch, stepInEpoch, items, seconds, records } = this;
    const [stopped, epochSum, epochRows] = [this.#stopped, this.#epochSum, this.#epochRows];
    const counts = { epoch, stepInEpoch, epochSum, epochRows, items, seconds };
    return { tensors, facts: { settings, ...counts, stopped, records, callbacks: facts } };
  }

  /** Goes on from a snapshot that came from a file. Throws a DataError that lists what differs. */
  restore(tensors: State, facts: RunFacts, file: string): void {
    this.#checkSettings(facts, file);
    const stateOf = (prefix: string): State =>
      Object.fromEntries(
        Object.entries(tensors).flatMap(([name, x]): [string, State[string]][] =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), x]] : [],
        ),
      );
    const own = Object.entries(tensors).filter(([name]) => !/^(fit|callback)\//.test(name));
    loadNamed(file, () => this.model.load(Object.fromEntries(own)));
    for (const callback of this.callbacks) {
      if (!(callback.name in facts.callbacks)) continue;
      callback.load?.({ facts: facts.callbacks[callback.name], tensors: stateOf(`callback/${callback.name}/`) });
    }
    const losses = tensors["fit/losses"];
    if (!losses) throw new DataError(`${file} is no checkpoint: it holds no losses`);
    this.losses.length = 0;
    for (const loss of losses.data) this.losses.push(loss);
    this.records.splice(0, Infinity, ...facts.records);
    [this.epoch, this.stepInEpoch, this.items] = [facts.epoch, facts.stepInEpoch, facts.items];
    [this.#epochSum, this.#epochRows] = [facts.epochSum, facts.epochRows];
    [this.#secondsBefore, this.#stopped] = [facts.seconds, facts.stopped];
  }

  #checkSettings({ settings, callbacks }: RunFacts, file: string): void {
    const now = this.settings;
    const lines = Object.keys({ ...settings, ...now })
      .filter((name) => settings[name] !== now[name])
      .map((name) => `  ${name}: ${show(settings[name])} when it was saved, ${show(now[name])} now`);
    const names = new Set(this.callbacks.filter((c) => c.load).map((c) => c.name));
    for (const name of Object.keys(callbacks)) if (!names.has(name)) lines.push(`  callback ${name}: missing now`);
    if (lines.length === 0) return;
    throw new GraphError(`resume: ${file} is of another training`, {
      lines,
      help: "make them equal, or begin a new training in another folder",
    });
  }
}

const show = (x: Settings[string] | undefined): string => (x === undefined ? "nothing" : String(x));
