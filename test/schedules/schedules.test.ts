// Random contractions, convolutions and row stages against plain loops in double precision. `SCHEDULES` says how many of
// each, `SEED` from where; `npm run fuzz -- --schedules products` runs more of one family.
import { describe, expect, test } from "vitest";
import { seed } from "../random.js";
import { complaintOf, families } from "./families.js";

const count = Number(process.env.SCHEDULES ?? 200);
const batch = 25;

describe.each(Object.keys(families))(`${count} random %s from seed ${seed} are what plain loops say`, (family) => {
  const starts = Array.from({ length: Math.ceil(count / batch) }, (_, i) => [i * batch]);
  test.each(starts)(
    "from number %i on",
    (from) => {
      for (let i = from; i < Math.min(count, from + batch); i++) {
        const wrong = complaintOf(family, seed + i);
        if (wrong) expect.fail(wrong);
      }
    },
    300_000,
  );
});
