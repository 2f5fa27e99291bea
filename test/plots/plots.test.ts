// Plots: what is drawn is what was given, in documents that parse, and in text.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { metrics, plots } from "gradloom";
import { greyPng } from "#src/plots/png.js";

const elements = (svg: string, name: string) => [
  ...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll(name),
];
const textsOf = (svg: string) => elements(svg, "text").map((x) => x.textContent);

describe("lines", () => {
  test("a line for each series, dots for points, names and title as text", async () => {
    const { svg, text } = await plots.lines(
      { loss: [3, 2, 1], "a & <b>": { x: [1, 2.5, 3], y: [1, 2, 3], dots: true } },
      { title: "Losses", x: "epoch", y: "nats" },
    );
    expect(elements(svg, "[aria-label=line] path")).toHaveLength(1);
    expect(elements(svg, "circle")).toHaveLength(3);
    expect(svg).toContain("a &amp; &lt;b&gt;");
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["Losses", "loss", "↑ nats", "epoch →"]));
    expect(text.split("\n")[0]).toBe("Losses");
    expect(text).toContain("epoch from 1 to 3");
  });
  test("heights in the document are those of the numbers", async () => {
    const { svg } = await plots.lines({ dots: { x: [0, 1, 2], y: [0, 5, 10], dots: true } });
    const [a, b, c] = elements(svg, "circle").map((dot) => Number(dot.getAttribute("cy"))) as [number, number, number];
    expect(a - b).toBeCloseTo(b - c, 6);
    expect(a).toBeGreaterThan(c);
  });
  test("on a logarithmic axis equal ratios are equal heights, and 0 is left out", async () => {
    const { svg, text } = await plots.lines(
      { norms: { x: [1, 2, 3, 4], y: [1, 1e-3, 1e-6, 0], dots: true } },
      { log: true },
    );
    const [a, b, c, ...rest] = elements(svg, "circle").map((dot) => Number(dot.getAttribute("cy"))) as [
      number,
      number,
      number,
    ];
    expect([rest, b - a]).toEqual([[], expect.closeTo(c - b, 6) as number]);
    expect(text).toContain("from 1 to 3");
  });
  test("NaN is left out; where nothing is left it is an error", async () => {
    const { svg } = await plots.lines({ y: { x: [1, 2, 3], y: [1, NaN, 2], dots: true } });
    expect(elements(svg, "circle")).toHaveLength(2);
    await expect(plots.lines({ y: [NaN] })).rejects.toThrow("plots.lines: there are no finite numbers to draw");
    await expect(plots.lines({ y: { x: [1], y: [1, 2] } })).rejects.toThrow('series "y" has 1 x and 2 y');
  });
  test("in text, a straight line goes from the lower left to the upper right", async () => {
    const { text } = await plots.lines({ y: Float32Array.from({ length: 100 }, (_, i) => i) });
    const rows = text.split("\n").filter((row) => /[┤┼]/.test(row));
    const last = rows.map((row) => Math.max(row.lastIndexOf("╭"), row.lastIndexOf("╯"), row.lastIndexOf("─")));
    expect(last).toEqual([...last].sort((a, b) => b - a));
    expect(last[0]! - last.at(-1)!).toBeGreaterThan(50);
  });
});

describe("confusion", () => {
  test("a cell for each pair of classes, a number where there are examples", async () => {
    const matrix = metrics.confusionMatrix([0, 1, 2, 1], [0, 1, 1, 1], { classes: ["cat", "dog", "cow"] });
    const { svg, text } = await plots.confusion(matrix, { title: "Animals" });
    expect(elements(svg, "[aria-label=cell] rect")).toHaveLength(9);
    expect(elements(svg, "[aria-label=text] text").map((x) => x.textContent)).toEqual(["1", "2", "1"]);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["Animals", "predicted", "true", "cat", "dog", "cow"]));
    expect(text).toBe(`Animals\n${matrix}`);
  });
});

describe("images", () => {
  test("a PNG file holds its pixels, also more than fit in one block", () => {
    for (const [width, height] of [
      [3, 2],
      [300, 250],
    ] as const) {
      const pixels = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) & 255);
      const png = Buffer.from(greyPng(pixels, width, height));
      expect([png.readUInt32BE(16), png.readUInt32BE(20), png.toString("latin1", 12, 16)]).toEqual([
        width,
        height,
        "IHDR",
      ]);
      const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
      const found = Array.from({ length: height }, (_, y) => [
        ...rows.subarray(y * (width + 1) + 1, (y + 1) * (width + 1)),
      ]).flat();
      expect(found).toEqual([...pixels]);
    }
  });
  test("each is scaled by itself, or all by one range", async () => {
    const pixels = { data: [0, 1, 0, 2, 0, 0, 0, 0], shape: [2, 2, 2] };
    expect((await plots.images(pixels)).text.split("\n")).toEqual([" ▓"]);
    const two = { data: [0, 5, 0, 5, 9, 9, 9, 9], shape: [2, 1, 2, 2] };
    const shown = await plots.images(two, { range: [0, 10], captions: ["a", "b"] });
    expect(shown.text).toBe("a   b\n ▒  ██");
    expect(elements((await plots.images(pixels, { captions: ["x", "<y>"] })).svg, "image")).toHaveLength(2);
  });
  test("one by one, with names and a width, they are the same picture", async () => {
    const rows = [{ name: "a", pixels: [0, 1, 2, 3] }, { name: "b", pixels: Float32Array.of(3, 2, 1, 0) }]; // prettier-ignore
    const whole = { data: [0, 1, 2, 3, 3, 2, 1, 0], shape: [2, 2, 2] };
    expect(await plots.images(rows, { width: 2 })).toEqual(await plots.images(whole, { captions: ["a", "b"] }));
    await expect(plots.images(rows, { width: 3 })).rejects.toThrow('"a" has 4 pixels');
  });
  test("rows of pixels need a size", async () => {
    const row = { data: new Float32Array(784), shape: [1, 784] };
    expect((await plots.images(row, { size: [28, 28] })).svg).toContain("data:image/png;base64,");
    await expect(plots.images(row)).rejects.toThrow("shape [1,784] is no row of images");
    await expect(plots.images([1, 2])).rejects.toThrow("numbers without a shape");
    await expect(plots.images({ data: [1], shape: [1, 1, 1] }, { captions: [] })).rejects.toThrow(
      "0 captions for 1 images",
    );
  });
});

test("pictures are saved as .svg and .png, and nothing else", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradloom-"));
  try {
    const picture = plots.lines({ y: [1, 2] });
    await plots.save(picture, join(folder, "a.svg"));
    await plots.save(picture, join(folder, "a.png"));
    expect(await readFile(join(folder, "a.svg"), "utf8")).toBe((await picture).svg);
    expect((await readFile(join(folder, "a.png"))).subarray(1, 4).toString()).toBe("PNG");
    await expect(plots.save(picture, join(folder, "a.gif"))).rejects.toThrow("must end in .svg or .png");
  } finally {
    await rm(folder, { recursive: true });
  }
});
