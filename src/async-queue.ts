// Asynchronous runs of a device, one after the other. For now they run on this thread, between turns of the event loop.
import { GraphError } from "#ir/errors.js";
import type { Device } from "#runtime/device.js";

const queues = new WeakMap<Device, AsyncQueue>();

/** Turns of one device. */
export class AsyncQueue {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** The queue of a device. */
  static of(device: Device): AsyncQueue {
    let queue = queues.get(device);
    if (!queue) queues.set(device, (queue = new AsyncQueue()));
    return queue;
  }

  /** Throws a GraphError while asynchronous runs are under way. */
  assertIdle(what: string): void {
    if (this.#waiting === 0) return;
    throw new GraphError(`${what}: ${this.#waiting} asynchronous runs of this device are under way`, {
      help: "await them first; runAsync queues",
    });
  }

  /** Does `work` in a later turn, after all work added before. */
  add<T>(work: () => T): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(nextTurn).then(work);
    this.#last = turn.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    return turn;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
