// Pictures as files. Only in Node.js.
import { GraphError } from "#ir/errors.js";
import { writeWhole } from "../files/write-whole.js";
import type { Picture } from "../report.js";

/** Writes a picture as `.svg` or `.png`; the file appears whole or not at all, folders are made. */
export async function save(picture: Picture | Promise<Picture>, file: string): Promise<void> {
  const { svg } = await picture;
  if (file.endsWith(".svg")) return writeWhole(file, svg);
  if (!file.endsWith(".png")) throw new GraphError(`plots.save: ${file} must end in .svg or .png`);
  const { pngOf } = await import("../pictures/render.js");
  await writeWhole(file, await pngOf(svg));
}
