// The way through a plan's steps as the code of a function: loops with their counters in locals, and branches. `run` and
// `share` are written with it.
import { holds, type Part, partsOf } from "#ir/plan-flow.js";
import type { Plan, Region, Times } from "#ir/plan.js";
import { float, functionBody, signed, unsigned } from "./encoder.js";
import type { Position } from "./launch-addresses.js";
import { opcode } from "./opcodes.js";

/** What stands at the steps, and around what decides about regions. */
export interface FlowVisitor {
  step(step: number): void;
  /** Before a region, and behind it. */
  begin?(region: number): void;
  end?(region: number): void;
  /** Before the code reads whether or how often a region runs. */
  decide?(region: number): void;
  /** At the end of what is inside a region, or what is before the test of a `while`. */
  close?(): void;
}

export interface FlowOptions {
  /** How many i32 parameters the function has; the first is the address of the scratch region. */
  readonly params: number;
  /** How many i32 locals it has behind them for the visitor's own use; 0 where nothing is said. */
  readonly locals?: number;
  /** The address of a parameter's or constant's buffer, in bytes. */
  readonly addressOf: (buffer: number) => number;
  /** The function that ends the run: see `failFunction`. */
  readonly fail: number;
}

const [block, loop, ifVoid] = [
  [0x02, 0x40],
  [0x03, 0x40],
  [0x04, 0x40],
];
const [end, branch, branchIf, not, select] = [0x0b, 0x0c, 0x0d, 0x45, 0x1b];

export class FlowWriter {
  readonly #out: number[] = [];
  /** How many blocks are open: the label of the function's end. */
  #depth = 0;
  #locals: number;
  /** The locals of each loop: its turn, and its times where only the run knows them. */
  readonly #turns: readonly number[];
  readonly #times: readonly number[];

  constructor(
    readonly plan: Plan,
    readonly options: FlowOptions,
  ) {
    const { regions } = plan;
    this.#locals = options.locals ?? 0;
    this.#turns = regions.map(({ kind }) => (kind === "branch" ? -1 : this.local()));
    this.#times = regions.map((r) => (r.kind === "loop" && typeof r.times !== "number" ? this.local() : -1));
  }

  /** Writes the plan's flow; what stands in it the visitor adds, with the methods below. */
  write(visitor: FlowVisitor): void {
    this.#walk(partsOf(this.plan), visitor);
  }

  /** The function's body. */
  finish(): number[] {
    return functionBody(new Array<"i32">(this.#locals).fill("i32"), this.#out);
  }

  /** One more i32 local, 0 at first. */
  local(): number {
    return this.options.params + this.#locals++;
  }

  /** Calls a function with parameters of this one, then positions as they are at a step. */
  call(fn: number, params: readonly number[], step = 0, positions: readonly Position[] = []): void {
    for (const param of params) this.#withNumber(0x20, param);
    for (const position of positions) this.#position(position, step);
    this.#withNumber(0x10, fn);
  }

  /** Code that leaves positions, as they are at a step, on the stack. */
  positionsAt(step: number, positions: readonly Position[]): readonly number[] {
    const begin = this.#out.length;
    for (const position of positions) this.#position(position, step);
    return this.#out.splice(begin);
  }

  /** Bytes as they are. */
  raw(...bytes: readonly number[]): void {
    this.#out.push(...bytes);
  }

  /** Leaves the function where the number on the stack is not 0. */
  returnIf(): void {
    this.#withNumber(branchIf, this.#depth);
  }

  #walk(parts: readonly Part[], visitor: FlowVisitor): void {
    for (const part of parts) {
      if (part.kind === "step") visitor.step(part.step);
      else {
        visitor.begin?.(part.index);
        const inside = (list: readonly Part[]) => {
          this.#walk(list, visitor);
          visitor.close?.();
        };
        this.#region(
          part.index,
          part.region,
          visitor,
          () => inside(part.test),
          () => inside(part.body),
        );
        visitor.end?.(part.index);
      }
    }
  }

  #region(index: number, region: Region, visitor: FlowVisitor, test: () => void, body: () => void): void {
    const decide = () => visitor.decide?.(index);
    switch (region.kind) {
      case "branch":
        decide();
        this.#holds(region.on);
        if (!region.when) this.raw(not);
        this.#open(ifVoid);
        body();
        return this.#close();
      case "while":
        return this.#while(index, region, test, decide, body);
      case "loop":
        if (region.times !== 0) this.#loop(index, region.times, decide, body);
    }
  }

  #loop(index: number, times: Times, decide: () => void, body: () => void): void {
    const turn = this.#turns[index]!;
    const known = typeof times === "number";
    if (!known) {
      decide();
      this.#readTimes(this.#times[index]!, times);
    }
    this.#number(0);
    this.#withNumber(0x21, turn);
    if (!known) {
      this.#withNumber(0x20, this.#times[index]!);
      this.#open(ifVoid);
    }
    this.#open(loop);
    body();
    this.#next(turn, 0x22);
    this.#pushTimes(index);
    this.raw(...opcode("i32.lt_s"), branchIf, 0);
    this.#close();
    if (!known) this.#close();
  }

  #while(
    index: number,
    { go, limit, failure }: Region & { kind: "while" },
    test: () => void,
    decide: () => void,
    body: () => void,
  ): void {
    const turn = this.#turns[index]!;
    this.#number(0);
    this.#withNumber(0x21, turn);
    this.#open(block);
    this.#open(loop);
    test();
    decide();
    this.#holds(go);
    this.raw(not, branchIf, 1);
    this.#withNumber(0x20, turn);
    this.#number(limit);
    this.raw(...opcode("i32.ge_s"), ...ifVoid);
    this.#number(failure);
    this.raw(0x44);
    float(this.#out, limit, "f64");
    this.#withNumber(0x10, this.options.fail);
    this.raw(end);
    body();
    this.#next(turn, 0x21);
    this.raw(branch, 0);
    this.#close();
    this.#close();
  }

  /** Sets a local to the first element of a buffer, or the nearest number from 0 to `most`. */
  #readTimes(local: number, { buffer, most }: Exclude<Times, number>): void {
    const offset = this.#address(buffer);
    this.raw(...opcode("i32.load"), 2);
    unsigned(this.#out, offset);
    this.#withNumber(0x21, local);
    const bound = (limit: number, compare: string): void => {
      for (let i = 0; i < 2; i++) {
        this.#withNumber(0x20, local);
        this.#number(limit);
      }
      this.raw(...opcode(compare), select);
      this.#withNumber(0x21, local);
    };
    bound(0, "i32.gt_s");
    bound(most, "i32.lt_s");
  }

  /** Leaves the first element of a bool buffer on the stack. */
  #holds(buffer: number): void {
    const offset = this.#address(buffer);
    this.raw(...opcode("i32.load8_u"), 0);
    unsigned(this.#out, offset);
  }

  /** Leaves the address of a buffer on the stack, but for the offset that it returns. */
  #address(buffer: number): number {
    const { place } = this.plan.buffers[buffer]!;
    if ("offset" in place) {
      this.#withNumber(0x20, 0);
      return place.offset;
    }
    if (place.at === "argument") this.#withNumber(0x20, place.index + 1);
    else this.#number(this.options.addressOf(buffer));
    return 0;
  }

  #position({ region, backwards }: Position, step: number): void {
    const loop = this.plan.regions[region]!;
    // A loop that this thread has left to another has not counted here.
    if (!holds(loop, step) && loop.kind === "loop" && typeof loop.times === "number") return this.#number(loop.times);
    if (backwards) {
      this.#pushTimes(region);
      this.#number(1);
      this.raw(...opcode("i32.sub"));
    }
    this.#withNumber(0x20, this.#turns[region]!);
    if (backwards) this.raw(...opcode("i32.sub"));
  }

  #pushTimes(index: number): void {
    const { times } = this.plan.regions[index] as Region & { kind: "loop" };
    if (typeof times === "number") this.#number(times);
    else this.#withNumber(0x20, this.#times[index]!);
  }

  #next(turn: number, setOrTee: number): void {
    this.#withNumber(0x20, turn);
    this.#number(1);
    this.raw(...opcode("i32.add"));
    this.#withNumber(setOrTee, turn);
  }

  #open(kind: readonly number[] | undefined): void {
    this.raw(...kind!);
    this.#depth++;
  }

  #close(): void {
    this.raw(end);
    this.#depth--;
  }

  #number(value: number): void {
    this.raw(0x41);
    signed(this.#out, value);
  }

  #withNumber(code: number, value: number): void {
    this.raw(code);
    unsigned(this.#out, value);
  }
}
