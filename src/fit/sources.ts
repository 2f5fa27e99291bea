// Where the batches of a training or an evaluation come from: arrays, a data set, a function of the epoch.
import { arrayOf, type TypedArray } from "#ir/dtype.js";
import { DataError } from "#ir/errors.js";
import { Dataset, type Column } from "../data/dataset.js";
import type { ModelData } from "../define-model.js";
import { countIn, type Feed, type Feeds, numbersIn, plural, shapeIn } from "../feeds.js";
import { type InputSpec, type InputSpecs, typeOfSpec } from "../input-specs.js";

/**
 * Data for a model:
 * - arrays by the names of its inputs: as many rows in each, flat or with shapes; plain arrays and tensors too
 * - a data set, whose columns are called like the inputs
 * - a function that gives the batches of an epoch, counted from 0: the same ones whenever it is asked for that epoch
 * - a record with such a function, `batches`, as in `defineModel`
 */
export type FitData = Dataset | Readonly<Record<string, Feed>> | ((epoch: number) => Iterable<Feeds>) | ModelData;

/** How rows become batches; functions make batches of their own. */
export interface BatchSettings {
  readonly batchSize: number;
  /** A seed, or null for rows as they come. */
  readonly shuffle: number | null;
  readonly dropLast: boolean;
}

/** Batches, epoch by epoch. */
export interface Source {
  batches(epoch: number): Iterable<Feeds>;
  /** How many an epoch has; null where only the end tells. */
  readonly batchesPerEpoch: number | null;
  /** All rows, where they are in memory. */
  readonly columns: Readonly<Record<string, Column>> | null;
}

/** The batches that data give. Throws a DataError where arrays do not go together or belong to no input. */
export function sourceOf(who: string, inputs: InputSpecs, data: FitData, settings: BatchSettings): Source {
  if (typeof data === "function") return { batches: data, batchesPerEpoch: null, columns: null };
  if (data instanceof Dataset) return ofDataset(data, settings);
  if (typeof data !== "object" || data === null) {
    throw new DataError(`${who}: the data are ${String(data)}`, { help: "give arrays by input, a data set, or a function of the epoch" }); // prettier-ignore
  }
  if (typeof data.batches === "function") {
    const given = data as ModelData;
    return { batches: (epoch) => given.batches(epoch), batchesPerEpoch: given.batchesPerEpoch ?? null, columns: null };
  }
  const columns = Object.entries(data as Readonly<Record<string, Feed>>).map(([name, feed]): [string, Column] => {
    const spec = inputs[name];
    if (spec) return [name, columnOf(who, name, spec, feed)];
    throw new DataError(`${who}: there is no input "${name}", only ${Object.keys(inputs).join(", ")}`);
  });
  return ofDataset(new Dataset(Object.fromEntries(columns)), settings);
}

/** The rows of a batch: the first size of the first input that has one. */
export function rowsIn(inputs: InputSpecs, feeds: Feeds): number {
  for (const name in inputs) {
    const feed = feeds[name];
    const [first, ...others] = typeOfSpec(inputs[name]!).shape;
    if (feed === undefined || first === undefined) continue;
    if (typeof first === "number") return first;
    const known = others.reduce<number>((product, size) => (typeof size === "number" ? product * size : product), 1);
    return shapeIn(feed)?.[0] ?? countIn(feed) / known;
  }
  return 1;
}

function ofDataset(set: Dataset, { batchSize, shuffle, dropLast }: BatchSettings): Source {
  const order = shuffle === null ? {} : { shuffle };
  return {
    batches: (epoch) => set.batches(batchSize, { ...order, epoch, dropLast, reuse: true }),
    batchesPerEpoch: set.batchCount(batchSize, { dropLast }),
    columns: set.columns,
  };
}

/** An array as a column: its shape, where it does not say one, is that of the input. */
function columnOf(who: string, name: string, spec: InputSpec, feed: Feed): Column {
  const { shape, dtype } = typeOfSpec(spec);
  const numbers = numbersIn(feed);
  if (shape.length === 0 || typeof numbers === "number")
    throw new DataError(`${who}: input "${name}" has no rows; a function of the epoch can give batches with it`);
  const data = ArrayBuffer.isView(numbers) ? (numbers as TypedArray) : arrayOf(dtype, numbers);
  const given = shapeIn(feed);
  if (given) return { data, shape: given };
  const named = shape.slice(1).find((size) => typeof size !== "number");
  if (named !== undefined) {
    const help = `{ data, shape: [rows, …] } says it`;
    throw new DataError(`${who}: a flat array does not say the size ${String(named)} of input "${name}"`, { help });
  }
  const row = shape.slice(1) as readonly number[];
  const width = row.reduce((product, size) => product * size, 1);
  if (width === 0 || data.length % width !== 0)
    throw new DataError(`${who}: ${plural(data.length, "number")} for input "${name}", not a multiple of ${width}`);
  return { data, shape: [data.length / width, ...row] };
}
