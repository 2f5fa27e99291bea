// The folder of --data, which knows whether anybody asked for it.
import type { DataFolder } from "../define-model.js";

/** What --data says; says so on the error stream where a script ended without having asked for it. */
export class GivenFolder implements DataFolder {
  #read = false;

  constructor(readonly given: string | undefined) {}

  get dir(): string | undefined {
    this.#read = true;
    return this.given;
  }

  /** Call it at the end. */
  tellWhetherRead(script: string): void {
    if (this.given !== undefined && !this.#read) console.error(`--data: ${script} reads no folder of data`);
  }
}
