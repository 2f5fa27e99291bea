// Products whose sizes lie just below, on and above the sizes at which the schedule of a contraction changes.
import type { DType } from "#ir/dtype.js";
import type { Product } from "./products.js";

/** What is multiplied: rows × terms by terms × columns. */
interface Extents {
  readonly rows: number;
  readonly terms: number;
  readonly columns: number;
}

/** Rows of a tile, columns of a tile, and the rows that one iteration takes. */
const tile = { rows: 4, columns: 8, chunk: 128 };
/** Bytes of a right factor that is packed although it is contiguous, and of a panel that goes block by block. */
const bytes = { far: 512 * 1024, panel: 64 * 1024, block: 24 * 1024 };

const around = (n: number) => [n - 1, n, n + 1];

/** Products for every border; with long sums, many rows, wide and far right factors. */
export function borderProducts(): readonly Product[] {
  const out: Product[] = [];
  const add = ({ rows, terms, columns }: Extents, how: Partial<Product> = {}, turned = false) => {
    const axis = (label: string, held: number) => ({ label, held, start: 0, step: 1 });
    const right = [axis("x", terms), axis("m", columns)];
    out.push({
      dtype: "f32",
      sizes: { i: rows, x: terms, m: columns },
      lhs: [axis("i", rows), axis("x", terms)],
      rhs: turned ? right.reverse() : right,
      result: "im",
      prologues: ["none", "none"],
      epilogue: "none",
      by: "matmul",
      ...how,
    });
  };
  for (const rows of [1, ...around(tile.rows), ...around(2 * tile.rows)]) {
    for (const columns of [1, 2, ...around(tile.columns), ...around(2 * tile.columns)]) {
      add({ rows, terms: 5, columns }, { epilogue: "bias and relu" }, (rows + columns) % 2 === 0);
    }
  }
  for (const rows of [...around(tile.chunk), tile.chunk + tile.rows + 1, ...around(2 * tile.chunk)]) {
    add({ rows, terms: 33, columns: 17 }, { epilogue: "row sums" });
    add({ rows, terms: 17, columns: 9 }, {}, true);
    add({ rows, terms: 40, columns: 3 }, { dtype: "f64" });
  }
  for (const dtype of ["f32", "f64"] satisfies DType[]) {
    const item = dtype === "f32" ? 4 : 8;
    const width = 32 / item;
    for (const size of [bytes.block, bytes.panel]) {
      for (const terms of around(size / 32)) {
        add({ rows: 5, terms, columns: width }, { dtype }, true);
        add({ rows: 21, terms, columns: width + 3 }, { dtype, epilogue: "residual" }, true);
      }
    }
    // A sum of several blocks, with a last one of a few terms.
    add({ rows: 130, terms: 2 * (bytes.panel / 32) + 3, columns: 2 * width + 1 }, { dtype, epilogue: "update" }, true);
    for (const terms of around(bytes.far / (128 * item))) {
      add({ rows: 17, terms, columns: 128 }, { dtype });
      add({ rows: 3, terms, columns: 128 }, { dtype, prologues: ["relu", "none"] });
    }
  }
  // Where packing begins to pay: few and many rows, terms and columns.
  for (const rows of [...around(8), ...around(16), ...around(96)]) {
    for (const terms of [127, 129, 256, 257, 513])
      add({ rows, terms, columns: rows % 2 === 0 ? 33 : 129 }, {}, rows % 3 === 0);
  }
  for (const columns of [...around(32), ...around(128)]) {
    add({ rows: 260, terms: 130, columns }, { epilogue: "gradient" });
    add({ rows: 97, terms: 260, columns }, { dtype: "f64" }, true);
  }
  // Long sums, vectors, and outer products.
  for (const [rows, terms, columns] of [
    [1, 10_007, 1],
    [1, 5000, 65],
    [65, 5000, 1],
    [1, 1, 1000],
    [1000, 1, 1],
    [129, 1, 130],
    [1, 100, 2049],
    [2, 3, 4097],
  ] as const) {
    // prettier-ignore
    add({ rows, terms, columns });
    add({ rows, terms, columns }, { epilogue: "gradient" }, true);
  }
  return out;
}
