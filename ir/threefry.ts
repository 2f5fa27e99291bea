// Threefry-2x32 with 20 rounds: two random words from a key and a counter of two words each, by additions, rotations and
// exclusive ors alone (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011).
import { add, call, type Expr, literal } from "./expr.js";

/** Two words of 32 bits, as i32. */
export type Words = readonly [Expr, Expr];

/** How far each round of a group of eight rotates. */
const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const rounds = 20;
/** Goes into the third word of the key, so that no key stays the same through all rounds. */
const parity = 0x1bd11bda;

/** The two random words of `counter` under `key`. Words that are numbers fold. */
export function threefry(key: Words, counter: Words): Words {
  const keys = [...key, xor(xor(literal(parity), key[0]), key[1])] as const;
  let x = add(counter[0], keys[0]);
  let y = add(counter[1], keys[1]);
  for (let round = 0; round < rounds; round++) {
    x = add(x, y);
    y = xor(rotateLeft(y, rotations[round % 8]!), x);
    if (round % 4 !== 3) continue;
    const turn = (round + 1) / 4;
    x = add(x, keys[turn % 3]!);
    y = add(y, add(keys[(turn + 1) % 3]!, literal(turn)));
  }
  return [x, y];
}

const xor = (a: Expr, b: Expr): Expr => call("xor", a, b);

function rotateLeft(x: Expr, by: number): Expr {
  return xor(call("shiftLeft", x, literal(by)), call("shiftRight", x, literal(32 - by)));
}

/** The same of plain numbers, which wrap to i32. */
export function threefryOf(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const words = threefry([literal(key[0]), literal(key[1])], [literal(counter[0]), literal(counter[1])]);
  return words.map((x) => (x as { value: number }).value) as [number, number];
}
