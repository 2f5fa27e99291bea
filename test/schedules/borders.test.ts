// Every size at which the schedule of a contraction changes, and its neighbours, against plain loops.
import { expect, test } from "vitest";
import { wasm } from "#runtime/wasm/backend.js";
import { borderProducts } from "./borders.js";
import { productTrial } from "./products.js";
import { complaintAbout } from "./trial.js";

const products = borderProducts();
const batch = 20;

test.each(Array.from({ length: Math.ceil(products.length / batch) }, (_, i) => [i * batch]))(
  `products at the borders of tiles, chunks and panels, from number %i of ${products.length} on`,
  (from) => {
    products.slice(from, from + batch).forEach((product, i) => {
      const trial = productTrial(product, from + i);
      const wrong = complaintAbout(trial, wasm);
      if (wrong) expect.fail(`border product ${from + i}: ${trial.title}\n${wrong}`);
    });
  },
  300_000,
);
