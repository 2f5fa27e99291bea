// Starting workers, in Node and in pages alike.

/** A worker as the pool sees it. */
export interface HostedWorker {
  post(message: unknown): void;
  /** Whether the process stays alive for it; it does not, where nothing is said. */
  keepAlive(on: boolean): void;
  terminate(): void;
}

export interface WorkerEvents {
  readonly message: (data: unknown) => void;
  /** It failed to start, or ended. */
  readonly gone: () => void;
}

/** Null where there are no workers: Node below 20.16, or an engine or a policy that forbids them. */
export function startWorker(code: string, events: WorkerEvents): HostedWorker | null {
  try {
    return startInNode(code, events) ?? startInPage(code, events);
  } catch {
    return null;
  }
}

function startInNode(code: string, { message, gone }: WorkerEvents): HostedWorker | null {
  const threads = typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:worker_threads");
  if (!threads) return null;
  // No loaders or options of the parent: they would be loaded before the worker starts.
  const worker = new threads.Worker(code, { eval: true, execArgv: [], env: {}, name: "gradloom" });
  worker.on("message", message);
  worker.on("error", gone);
  worker.on("exit", gone);
  worker.unref();
  return {
    post: (data) => worker.postMessage(data),
    keepAlive: (on) => (on ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

function startInPage(code: string, { message, gone }: WorkerEvents): HostedWorker | null {
  if (typeof Worker === "undefined") return null;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "gradloom" });
  worker.onmessage = ({ data }) => message(data);
  worker.onerror = gone;
  return {
    post: (data) => worker.postMessage(data),
    keepAlive: () => {},
    terminate: () => worker.terminate(),
  };
}

/** Whether this thread may wait for others: all may but the main thread of a page. */
export function mayBlock(): boolean {
  try {
    // The value differs from the expected one, so it would not really wait.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
