// The workers of a device: started when they are first wanted, given every program, and rung for every run. Nothing here
// waits for a worker to start; a run uses those that have said that they are ready for its program.
import { aborted, control, controlBytes, slot, slotOf } from "./control.js";
import { mayBlock, startWorker, type HostedWorker } from "./worker-host.js";
import { workerCode } from "./worker-code.js";

/** What stopped a run: entry `failure` of the plan's table with the value found, or a trap. */
export type Fault =
  | { readonly kind: "check"; readonly failure: number; readonly value: number }
  | { readonly kind: "trap"; readonly message: string };

/** The calling thread's part: the program's `share`. */
export type Share = (scratch: number, thread: number, threads: number, control: number) => void;

interface Enlisted {
  readonly id: number;
  readonly module: WebAssembly.Module;
  /** Where the thread scratch of thread 0 begins, and how far apart those of the threads are. */
  readonly scratch: number;
  readonly stride: number;
}

/** A program in the pool: what workers are sent, and the words that are zero when a run begins. */
interface Program {
  readonly sent: Enlisted;
  readonly counters: Int32Array;
}

interface Worker {
  readonly host: HostedWorker;
  readonly number: number;
}

/** A run in workers alone that has not ended. */
interface Pending {
  readonly run: number;
  readonly left: Set<number>;
  readonly end: () => void;
}

/** A worker that has not begun its part so many milliseconds after it was rung has died, or will never get a core. */
const patience = 10_000;
/** So many workers may fail before the pool gives up. */
const mostDeaths = 3;

export class WorkerPool {
  readonly #memory: WebAssembly.Memory;
  readonly #words: Int32Array;
  readonly #address: number;
  /** Worker w stands at w − 1. */
  readonly #workers: (Worker | null)[] = [];
  readonly #programs = new Map<number, Program>();
  #nextProgram = 1;
  #runs = 0;
  #deaths = 0;
  #closed = false;
  #pending: Pending | null = null;
  /** Called when a worker has become ready, or is gone. */
  #news: (() => void)[] = [];
  #begunAt = 0;
  /** Takes programs away that nobody has any more. */
  readonly #dropped = new FinalizationRegistry<number>((id) => this.drop(id));

  /** `address` is that of `controlBytes` bytes of a shared memory. */
  constructor(memory: WebAssembly.Memory, address: number) {
    this.#memory = memory;
    this.#address = address;
    this.#words = new Int32Array(memory.buffer, address, controlBytes / 4);
    this.#words.fill(0);
  }

  /** Whether `run` may be called here. */
  readonly mayBlock = mayBlock();

  /** Gives a program to all workers, those to come included, until `owner` is garbage or the program is dropped. */
  enlist(
    module: WebAssembly.Module,
    { address: scratch, stride }: { readonly address: number; readonly stride: number },
    { address, bytes }: { readonly address: number; readonly bytes: number },
    owner: object,
  ): number {
    const sent: Enlisted = { id: this.#nextProgram++, module, scratch, stride };
    this.#programs.set(sent.id, { sent, counters: new Int32Array(this.#memory.buffer, address, bytes / 4) });
    this.#dropped.register(owner, sent.id, owner);
    for (const worker of this.#workers) if (worker) this.#send(worker, sent);
    return sent.id;
  }

  drop(id: number): void {
    if (!this.#programs.delete(id)) return;
    for (const worker of this.#workers) if (worker) this.#send(worker, { drop: id });
  }

  /** Starts workers until there are `count`. */
  grow(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#closed || this.#deaths >= mostDeaths) return;
      if (!this.#workers[i]) this.#start(i);
    }
  }

  /** How many workers, the first ones, have a program: at most `most`. */
  ready(id: number, most: number): number {
    let count = 0;
    while (count < most && this.#workers[count] && this.#load(count + 1, slot.ready) >= id) count++;
    return count;
  }

  /**
   * Runs a program on `threads` threads, this one among them; the others are ready. What `share` throws stops all of them
   * and is thrown again; what stops another is returned.
   */
  run(id: number, threads: number, scratch: number, share: Share): Fault | null {
    this.#begin(id, threads, scratch, 0);
    let own: { readonly error: unknown } | null = null;
    try {
      share(scratch, 0, threads, this.#address);
    } catch (error) {
      own = { error };
      this.#abort();
    }
    if (Atomics.load(this.#words, control.phase) >= 0) return null;
    const answered = this.#waitForAll(threads);
    const fault = this.#takeFault(1, threads);
    if (!answered) return { kind: "trap", message: "a worker does not answer" };
    if (own && fault?.kind !== "trap") throw own.error;
    return fault;
  }

  /** Called in a barrier about once a second: stops the run where a worker has not even begun its part. */
  readonly stalled = (): void => {
    if (performance.now() - this.#begunAt > patience && !this.#allBegun(this.#words[control.threads]!)) this.#abort();
  };

  /** Resolves to how many workers are ready for a program: as soon as there is one; 0 where none will be. */
  async readyLater(id: number, most: number): Promise<number> {
    this.grow(most);
    while (!this.#closed && this.ready(id, most) === 0 && this.#mayStillStart()) {
      // A started worker does not keep the process alive, but somebody waits for this one.
      this.#workers[0]?.host.keepAlive(true);
      await new Promise<void>((resolve) => this.#news.push(resolve));
    }
    this.#workers[0]?.host.keepAlive(false);
    return this.#closed ? 0 : this.ready(id, most);
  }

  /** Runs a program on `threads` workers, which are ready, and none of it here. One run at a time. */
  async runInWorkers(id: number, threads: number, scratch: number): Promise<Fault | null> {
    const workers = this.#workers.slice(0, threads);
    for (const worker of workers) worker?.host.keepAlive(true);
    await new Promise<void>((end) => {
      const left = new Set(workers.map((_, i) => i + 1));
      this.#pending = { run: this.#runs + 1, left, end };
      this.#begin(id, threads, scratch, 1);
    });
    this.#pending = null;
    for (const worker of workers) worker?.host.keepAlive(false);
    if (this.#closed) return { kind: "trap", message: "the device was closed" };
    const gone = workers.some((worker, i) => this.#workers[i] !== worker);
    const fault = this.#takeFault(1, threads + 1);
    return gone ? { kind: "trap", message: "a worker ended" } : fault;
  }

  /** Ends all workers, whatever they do. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const worker of this.#workers.splice(0)) worker?.host.terminate();
    this.#pending?.end();
    this.#tell();
  }

  #begin(id: number, threads: number, scratch: number, first: number): void {
    const words = this.#words;
    this.#programs.get(id)!.counters.fill(0);
    words[control.program] = id;
    words[control.scratch] = scratch;
    words[control.threads] = threads;
    words[control.first] = first;
    const run = (this.#runs = (this.#runs + 1) | 0);
    this.#begunAt = performance.now();
    for (let w = 1; w < first + threads; w++) {
      Atomics.store(words, slotOf(w) + slot.start, run);
      this.#ring(w);
    }
  }

  #ring(worker: number): void {
    const at = slotOf(worker);
    Atomics.add(this.#words, at + slot.bell, 1);
    if (Atomics.load(this.#words, at + slot.asleep) !== 0) Atomics.notify(this.#words, at + slot.bell);
  }

  #abort(): void {
    Atomics.or(this.#words, control.phase, aborted);
    Atomics.notify(this.#words, control.phase);
  }

  /** After an abort: waits until no worker is in the run any more. False where one has never begun it. */
  #waitForAll(threads: number): boolean {
    for (let w = 1; w < threads; w++) {
      for (;;) {
        const done = this.#load(w, slot.done);
        if (done === this.#runs) break;
        if (performance.now() - this.#begunAt > patience && this.#load(w, slot.begun) !== this.#runs) return false;
        Atomics.wait(this.#words, slotOf(w) + slot.done, done, 100);
      }
    }
    return true;
  }

  #allBegun(threads: number): boolean {
    for (let w = 1; w < threads; w++) if (this.#load(w, slot.begun) !== this.#runs) return false;
    return true;
  }

  /** What stopped the run, of several traps and then checks that of the lowest thread; makes ready for the next run. */
  #takeFault(from: number, to: number): Fault | null {
    const words = this.#words;
    if (Atomics.load(words, control.phase) >= 0) return null;
    let fault: Fault | null = null;
    for (let w = from; w < to; w++) {
      const at = slotOf(w);
      const kind = words[at + slot.fault]!;
      words[at + slot.fault] = 0;
      if (kind === 1 && !fault) {
        const [value] = new Float64Array(words.buffer, words.byteOffset + (at + slot.value) * 4, 1);
        fault = { kind: "check", failure: words[at + slot.failure]!, value: value! };
      } else if (kind === 2 && fault?.kind !== "trap") fault = { kind: "trap", message: this.#textOf(at) };
    }
    Atomics.store(words, control.arrived, 0);
    Atomics.and(words, control.phase, ~aborted);
    return fault;
  }

  #textOf(at: number): string {
    const start = this.#words.byteOffset + (at + slot.text) * 4;
    // Copied, because text is not decoded from shared memory.
    const bytes = new Uint8Array(this.#words.buffer, start, this.#words[at + slot.length]).slice();
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  #start(index: number): void {
    const number = index + 1;
    // A worker that is gone may have left anything here.
    this.#words.fill(0, slotOf(number), slotOf(number + 1));
    const host = startWorker(workerCode, {
      message: (data) => this.#hear(number, data),
      gone: () => this.#bury(worker),
    });
    if (!host) {
      this.#deaths = mostDeaths;
      return;
    }
    const worker: Worker = { host, number };
    this.#workers[index] = worker;
    this.#send(worker, { memory: this.#memory, control: this.#address, worker: number });
    for (const { sent } of this.#programs.values()) this.#send(worker, sent);
  }

  #send({ host, number }: Worker, message: unknown): void {
    host.post(message);
    Atomics.add(this.#words, slotOf(number) + slot.mail, 1);
    this.#ring(number);
  }

  #hear(worker: number, data: unknown): void {
    if (data === "ready") this.#tell();
    else if (this.#pending && data === this.#pending.run) this.#leave(worker);
  }

  #leave(worker: number): void {
    const pending = this.#pending;
    if (pending?.left.delete(worker) && pending.left.size === 0) pending.end();
  }

  #bury(worker: Worker): void {
    const index = worker.number - 1;
    if (this.#workers[index] !== worker) return;
    this.#workers[index] = null;
    this.#deaths++;
    if (this.#pending?.left.has(worker.number)) {
      this.#abort();
      this.#leave(worker.number);
    }
    this.#tell();
  }

  #mayStillStart(): boolean {
    return !!this.#workers[0] && this.#load(1, slot.ready) >= 0;
  }

  #tell(): void {
    for (const resolve of this.#news.splice(0)) resolve();
  }

  #load(thread: number, word: number): number {
    return Atomics.load(this.#words, slotOf(thread) + word);
  }
}
