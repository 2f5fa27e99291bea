// Asynchronous runs of a device, one after the other.
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
    const runs = this.#waiting === 1 ? "1 asynchronous run" : `${this.#waiting} asynchronous runs`;
    throw new GraphError(`${what}: ${runs} of this device must finish first`, {
      help: "await what runAsync returned; runAsync itself queues",
    });
  }

  /** Does `work` in a later turn, after all work added before. */
  add<T>(work: () => T | Promise<T>): Promise<T> {
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
