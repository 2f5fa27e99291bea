// Which numbers the named sizes of the inputs stand for, found from the shapes and lengths of feeds.
import { FeedError, type ErrorDetails } from "#ir/errors.js";
import { elementCount, evaluateSize, namesIn, printShape, type Size } from "#ir/size.js";
import { countIn, faultsIn, feedLines, type Feeds, type FeedSpec, plural, shapeIn } from "./feeds.js";

/**
 * The numbers that the named sizes stand for. Throws a FeedError, begun with `what`, that lists every input where feeds are
 * missing, not known, of the wrong dtype or of a length or shape that does not fit, or where one name would stand for two
 * numbers.
 */
export function bindSizes(specs: readonly FeedSpec[], feeds: Feeds, what: string): Readonly<Record<string, number>> {
  const error = faultsIn(specs, feeds, what);
  if (error) throw error;
  const read = specs.filter((spec) => spec.read);
  return new Binder(read, feeds, what).solve();
}

/** Binds names one by one and remembers which input told. */
class Binder {
  readonly #binding: Record<string, number> = {};
  readonly #teller: Record<string, string> = {};

  constructor(
    readonly specs: readonly FeedSpec[],
    readonly feeds: Feeds,
    readonly what: string,
  ) {}

  /** Names from given shapes first, then from the lengths of flat feeds with one name left, until nothing moves. */
  solve(): Readonly<Record<string, number>> {
    for (const spec of this.specs) {
      shapeIn(this.feeds[spec.name]!)?.forEach((n, axis) => this.#bindAlone(spec.type.shape[axis]!, n, spec));
    }
    while (this.specs.some((spec) => this.#bindLastName(spec))) continue;
    for (const spec of this.specs) this.#check(spec);
    return this.#binding;
  }

  /** Binds a size that is nothing but a name. */
  #bindAlone(size: Size, value: number, spec: FeedSpec): void {
    const name = nameAlone(size);
    if (name === null) return;
    const known = this.#binding[name];
    if (known !== undefined && known !== value) {
      throw this.#error(`the size "${name}" is ${known} in ${this.#teller[name]} but ${value} in ${spec.name}`);
    }
    this.#binding[name] = value;
    this.#teller[name] ??= spec.name;
  }

  /** Binds the only free size of a flat feed from its length; false where there is nothing to bind. */
  #bindLastName(spec: FeedSpec): boolean {
    const free = this.#freeSizes(spec);
    if (free.length !== 1 || nameAlone(free[0]!) === null) return false;
    const others = spec.type.shape.filter((size) => size !== free[0]);
    const known = others.reduce<number>((product, size) => product * evaluateSize(size, this.#binding), 1);
    const count = countIn(this.feeds[spec.name]!);
    if (known === 0 || count % known !== 0) {
      const needs = known > 0 ? `not a multiple of ${known}` : "which does not tell its size";
      throw this.#error(`${spec.name} has ${plural(count, "number")}, ${needs}`);
    }
    this.#bindAlone(free[0]!, count / known, spec);
    return true;
  }

  /** Every size is bound, and the feed has the shape or length that follows. */
  #check(spec: FeedSpec): void {
    const { shape } = spec.type;
    if (this.#freeSizes(spec).length > 0) {
      const given = shapeIn(this.feeds[spec.name]!) !== null;
      const help = given ? {} : { help: `give { data, shape } for ${spec.name}` };
      const what = given ? "shape" : "length";
      throw this.#error(`the ${what} of ${spec.name} does not tell its sizes ${printShape(shape)}`, help);
    }
    const sizes = shape.map((size) => evaluateSize(size, this.#binding));
    const feed = this.feeds[spec.name]!;
    const [count, given] = [countIn(feed), shapeIn(feed)];
    if (given ? given.every((n, axis) => n === sizes[axis]) : elementCount(sizes) === count) return;
    // The clearest complaint: the name that this length would bind to another number.
    const axis = shape.findIndex((size) => nameAlone(size) !== null);
    const rest = axis < 0 ? 0 : elementCount(sizes) / Math.max(1, sizes[axis]!);
    if (!given && rest > 0 && count % rest === 0) this.#bindAlone(shape[axis]!, count / rest, spec);
    throw this.#error(`${spec.name} has ${plural(count, "number")} but its shape is ${printShape(sizes)}`);
  }

  #freeSizes(spec: FeedSpec): readonly Size[] {
    return spec.type.shape.filter((size) => namesIn(size).some((name) => this.#binding[name] === undefined));
  }

  #error(sentence: string, details: ErrorDetails = {}): FeedError {
    return new FeedError(`${this.what}: ${sentence}`, { lines: feedLines(this.specs, this.feeds), ...details });
  }
}

function nameAlone(size: Size): string | null {
  if (typeof size === "number") return null;
  const names = namesIn(size);
  return names.length === 1 && size.text === names[0] ? names[0]! : null;
}
