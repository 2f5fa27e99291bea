// Measured schedules, by machine and contraction: in memory, and in a file where there are files. Whoever writes reads
// first and renames a whole new file over the old one: two writers at once may lose an entry, which is then measured
// again, but never leave half a file.
import { machineName, nodeModules } from "./machine.js";

/** Schedules by contraction. They come from a file, so nothing is known of them. */
type Entries = Readonly<Record<string, unknown>>;

interface Contents {
  readonly version: 1;
  readonly machines: Readonly<Record<string, Entries>>;
}

/** What this process measured, by file (or "" in a page) and machine, also where no file can be written. */
const measured = new Map<string, Map<string, unknown>>();
const warned = new Set<string>();

export class ScheduleCache {
  readonly #own: Map<string, unknown>;

  /** `file` is null where all stays in memory. Another `machine` than this one is for tests. */
  constructor(
    readonly file: string | null,
    readonly machine: string = machineName(),
  ) {
    const key = `${file ?? ""}\n${machine}`;
    this.#own = measured.get(key) ?? new Map();
    measured.set(key, this.#own);
  }

  /** All entries of this machine, as the file has them now. A file that cannot be read counts as empty, with a warning. */
  entries(): ReadonlyMap<string, unknown> {
    return new Map([...Object.entries(this.#read().machines[this.machine] ?? {}), ...this.#own]);
  }

  /** Adds entries, in the file too. Where it cannot be written they stay in memory, with a warning. */
  add(entries: ReadonlyMap<string, unknown>): void {
    for (const [key, entry] of entries) this.#own.set(key, entry);
    const node = nodeModules();
    if (this.file === null || !node) return;
    const { fs, path } = node;
    const now = this.#read();
    const mine = { ...now.machines[this.machine], ...Object.fromEntries(this.#own) };
    const next: Contents = { version: 1, machines: { ...now.machines, [this.machine]: mine } };
    const part = `${this.file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    try {
      fs.mkdirSync(path.dirname(this.file), { recursive: true });
      fs.writeFileSync(part, `${JSON.stringify(next, null, 1)}\n`);
      fs.renameSync(part, this.file);
    } catch (error) {
      this.#warn(`measured schedules are not kept: ${messageOf(error)}`);
      if (fs.existsSync(part)) fs.rmSync(part);
    }
  }

  #read(): Contents {
    const none: Contents = { version: 1, machines: {} };
    const node = nodeModules();
    if (this.file === null || !node) return none;
    let text: string;
    try {
      text = node.fs.readFileSync(this.file, "utf8");
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ENOENT") this.#warn(`no schedules are read: ${messageOf(error)}`);
      return none;
    }
    try {
      const found = JSON.parse(text) as Partial<Contents> | null;
      if (found?.version === 1 && isRecord(found.machines) && Object.values(found.machines!).every(isRecord))
        return found as Contents;
      this.#warn(`${this.file} holds no schedules of this version, and is written anew`);
    } catch {
      this.#warn(`${this.file} is damaged, and is written anew`);
    }
    return none;
  }

  /** Once for each file: a program that is slow to start should not be silent about it. */
  #warn(what: string): void {
    if (warned.has(`${this.file}`)) return;
    warned.add(`${this.file}`);
    // eslint-disable-next-line no-console
    console.warn(`gradloom: tune: ${what}`);
  }
}

function isRecord(x: unknown): boolean {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
