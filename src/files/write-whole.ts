// Files that appear whole or not at all.

/**
 * Writes a file under a temporary name, waits until the disk has it, and renames it: whoever reads the file, also after the
 * process was killed or the machine lost its power, finds what was there before or all that was written. Folders are made.
 */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const { mkdir, open, rename, rm } = await import("node:fs/promises");
  const { dirname } = await import("node:path");
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
