// A confusion matrix as a heat map.
import type { ConfusionMatrix } from "../metrics/confusion-matrix.js";
import type { Picture } from "../report.js";
import { drawing, type Heading, headingHeight } from "./figure.js";

/** Counts by true class (rows) and predicted class (columns); the darker, the larger the part of its row. */
export async function confusion(matrix: ConfusionMatrix, options: { readonly title?: string } = {}): Promise<Picture> {
  const { title = "" } = options;
  const { Plot, documentOf } = await drawing();
  const parts = matrix.normalized();
  const cells = [...matrix.counts].map((count, i) => ({
    truth: matrix.names[Math.floor(i / matrix.size)]!,
    predicted: matrix.names[i % matrix.size]!,
    count,
    part: parts[i]!,
  }));
  const longest = Math.max(...matrix.names.map((name) => name.length));
  const cell = Math.max(26, Math.min(56, Math.floor(520 / matrix.size)));
  const marginLeft = 44 + longest * 7;
  const width = marginLeft + cell * matrix.size + 20;
  const heading: Heading = { width, title, y: "", names: [] };
  const marginTop = headingHeight(heading);
  // Names that are wider than their column are written aslant.
  const slant = longest * 5.6 > cell;
  const marginBottom = slant ? 40 + longest * 5 : 48;
  const at = { x: "predicted", y: "truth" };
  const svg = documentOf(
    {
      width,
      height: marginTop + cell * matrix.size + marginBottom,
      marginLeft,
      marginTop,
      marginBottom,
      x: {
        ...(slant ? { tickRotate: -40 } : {}),
        label: "predicted",
        labelAnchor: "center",
        labelArrow: "none",
        domain: matrix.names,
        padding: 0.03,
        tickSize: 0,
      },
      y: {
        label: "true",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: marginLeft - 12,
        domain: matrix.names,
        padding: 0.03,
        tickSize: 0,
      },
      // From nearly white to the blue of curves; a root, so that rare mistakes can be seen.
      color: { type: "sqrt", domain: [0, 1], range: ["#f4f7fb", "#1d4e82"] },
      marks: [
        Plot.cell(cells, { ...at, fill: "part" }),
        Plot.text(cells.filter(({ count }) => count > 0), {
        ...at,
        text: "count",
        fill: (c: (typeof cells)[0]) => (c.part > 0.25 ? "#ffffff" : "#1f2730"),
        fontSize: cell < 34 ? 9 : 12,
      }), // prettier-ignore
      ],
    },
    heading,
  );
  return { svg, text: [...(title ? [title] : []), matrix.toString()].join("\n") };
}
