// What the machine can do at most, measured in WebAssembly written by hand: arithmetic on vectors, and streaming.
import wabt from "wabt";

/** So many chains hide the latency of a product and a sum, and still fit the sixteen vector registers. */
const accumulators = 13;

/** `peak(turns)`: chains of products and sums, twice each a turn. `triad(a, b, c, n)`: a = b + 2·c over n vectors. */
const text = `(module
  (memory (export "memory") 1600)
  (func (export "peak") (param $turns i32)
    (local $x v128)
    ${Array.from({ length: accumulators }, (_, i) => `(local $a${i} v128)`).join(" ")}
    (local.set $x (f32x4.splat (f32.const 0.5)))
    (loop $again
      ${Array.from(
        { length: accumulators },
        (_, i) => `(local.set $a${i} (f32x4.add (f32x4.mul (local.get $a${i}) (local.get $x)) (local.get $x)))`,
      )
        .join("\n      ")
        .repeat(2)}
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    ${Array.from({ length: accumulators }, (_, i) => `(v128.store (i32.const ${i * 16}) (local.get $a${i}))`).join("\n    ")})
  (func (export "triad") (param $a i32) (param $b i32) (param $c i32) (param $n i32)
    (local $end i32) (local $s v128)
    (local.set $s (f32x4.splat (f32.const 2)))
    (local.set $end (i32.add (local.get $a) (i32.mul (local.get $n) (i32.const 16))))
    (loop $again
      (v128.store (local.get $a) (f32x4.add (v128.load (local.get $b)) (f32x4.mul (local.get $s) (v128.load (local.get $c)))))
      (v128.store offset=16 (local.get $a) (f32x4.add (v128.load offset=16 (local.get $b)) (f32x4.mul (local.get $s) (v128.load offset=16 (local.get $c)))))
      (local.set $b (i32.add (local.get $b) (i32.const 32)))
      (local.set $c (i32.add (local.get $c) (i32.const 32)))
      (br_if $again (i32.lt_u (local.tee $a (i32.add (local.get $a) (i32.const 32))) (local.get $end))))))`;

export interface LimitProbe {
  /** One short measurement of the arithmetic peak of one core, 128-bit products and sums: GFLOP/s. */
  peak(): number;
  /** One measurement of streaming arrays larger than the caches: GB/s, read and written. */
  triad(): number;
}

export async function limitProbe(): Promise<LimitProbe> {
  const { parseWat } = await wabt();
  const { buffer } = parseWat("limits.wat", text).toBinary({});
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(buffer)));
  const run = exports as unknown as {
    peak(turns: number): void;
    triad(a: number, b: number, c: number, n: number): void;
  };
  const turns = 20_000;
  const bytes = 32 * 2 ** 20;
  const timed = (work: () => void): number => {
    const begun = performance.now();
    work();
    return (performance.now() - begun) * 1e6;
  };
  for (let i = 0; i < 20; i++) run.peak(turns);
  for (let i = 0; i < 3; i++) run.triad(0, bytes, 2 * bytes, bytes / 16);
  return {
    peak: () => (turns * accumulators * 16) / timed(() => run.peak(turns)),
    triad: () => (3 * bytes) / timed(() => run.triad(0, bytes, 2 * bytes, bytes / 16)),
  };
}
