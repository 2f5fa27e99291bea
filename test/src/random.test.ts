// Random numbers of the JavaScript side: Philox by its published answers, distributions by their moments.
import { describe, expect, test } from "vitest";
import { philox, seeded } from "#src/random.js";

describe("Philox4x32-10 gives Random123's known answers (kat_vectors)", () => {
  const ones = 0xffffffff;
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)("counter %j, key %j", (counter, key, expected) => {
    expect(philox(counter, key)).toEqual(expected);
  });
});

test("the words of seed 0, stream 0 begin with Philox of counter 0 and key 0", () => {
  const random = seeded(0);
  expect([random.word(), random.word(), random.word(), random.word()]).toEqual([
    0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8,
  ]);
});

test("seed, stream and place in the stream decide the number", () => {
  const take = (seed: number, stream: number): number[] => {
    const random = seeded(seed, stream);
    return Array.from({ length: 8 }, () => random.uniform());
  };
  expect(take(5, 2)).toEqual(take(5, 2));
  expect(take(5, 2)).not.toEqual(take(5, 3));
  expect(take(5, 2)).not.toEqual(take(6, 2));
  expect(take(2 ** 40, 0)).not.toEqual(take(0, 0));
});

test("100 000 uniform numbers lie in [0, 1) with mean 1/2 and variance 1/12", () => {
  const random = seeded(1);
  const values = Array.from({ length: 100_000 }, () => random.uniform());
  expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  // Five standard errors.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.0046);
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.0012);
});

test("100 000 normal numbers have mean 0, variance 1, skewness 0 and kurtosis 3", () => {
  const random = seeded(2);
  const values = Array.from({ length: 100_000 }, () => random.normal());
  const moment = (power: number): number => values.reduce((sum, x) => sum + x ** power, 0) / values.length;
  // Five standard errors: the moments' variances are 1, 2, 15 and 96.
  const error = (variance: number): number => 5 * Math.sqrt(variance / values.length);
  expect(Math.abs(moment(1))).toBeLessThan(error(1));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(error(2));
  expect(Math.abs(moment(3))).toBeLessThan(error(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(error(96));
});

test("int(6) gives 0 to 5 about equally often", () => {
  const random = seeded(3);
  const counts = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 60_000; i++) counts[random.int(6)]!++;
  // Five standard deviations of a binomial with p = 1/6.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(60_000 * (1 / 6) * (5 / 6)));
});

test("shuffling three things gives all six orders about equally often", () => {
  const random = seeded(4);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = random.shuffle(["a", "b", "c"]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values())
    expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(6000 * (1 / 6) * (5 / 6)));
});
