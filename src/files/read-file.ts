// Reading files, with errors that name them.
import { DataError } from "#ir/errors.js";

/** The bytes of a file. Throws a DataError where it is missing or cannot be read. */
export async function readBytes(who: string, file: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    throw new DataError(`${who}: ${file} ${reason === "ENOENT" ? "does not exist" : `cannot be read: ${reason}`}`);
  }
}
