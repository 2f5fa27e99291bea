// Packing problems whose optimum is known: a rectangle, time across and bytes up, cut into smaller ones without a gap.
import type { LiveRange } from "#passes/pack-memory.js";
import { generator, integer } from "../random.js";

interface Rectangle {
  readonly from: number;
  readonly steps: number;
  readonly units: number;
}

/**
 * `count` buffers that fill `steps` steps and `units`·64 bytes exactly, in random order. Again and again one of the larger
 * rectangles is cut in two, across time or across memory; the first cut is across memory, so that no step divides all.
 */
export function perfectPacking(count: number, steps: number, units: number, seed: number): readonly LiveRange[] {
  const next = generator(seed);
  const pieces: Rectangle[] = [{ from: 0, steps, units }];
  while (pieces.length < count) {
    const candidates = Array.from({ length: 3 }, () => integer(next, 0, pieces.length - 1));
    const area = (i: number): number => pieces[i]!.steps * pieces[i]!.units;
    const at = candidates.reduce((a, b) => (area(b) > area(a) ? b : a));
    const piece = pieces[at]!;
    const wide = piece.steps / steps;
    const inTime = pieces.length > 1 && next() * (wide + piece.units / units) < wide;
    if ((inTime ? piece.steps : piece.units) < 2) continue;
    const cut = integer(next, 1, (inTime ? piece.steps : piece.units) - 1);
    const [low, high] = inTime
      ? [
          { ...piece, steps: cut },
          { ...piece, from: piece.from + cut, steps: piece.steps - cut },
        ]
      : [
          { ...piece, units: cut },
          { ...piece, units: piece.units - cut },
        ];
    pieces.splice(at, 1, low, high);
  }
  for (let i = count - 1; i > 0; i--) {
    const j = integer(next, 0, i);
    [pieces[i], pieces[j]] = [pieces[j]!, pieces[i]!];
  }
  return pieces.map((piece) => ({ size: 64 * piece.units, from: piece.from, to: piece.from + piece.steps - 1 }));
}
