// What a worker runs, as text: a worker must start from source and from the built package alike, and in pages too. It
// waits for messages in its event loop; with a program it waits for runs, spinning at first, then asleep.
import { aborted, control, controlBytes, slot, slotOf, textBytes } from "./control.js";

/** Turns of waiting for the next run before it sleeps: about as long as waking it takes. */
const turns = 120_000;

/**
 * Messages: `{ memory, control, worker }` first; `{ module, id, scratch, stride }` adds a program, `{ drop: id }` takes it
 * away. It answers "ready" to a program, and the number of an asynchronous run when it has done its part.
 */
export const workerCode = `"use strict";
const port = typeof require === "function" ? require("node:worker_threads").parentPort : self;
const programs = new Map();
let memory, words, control, me, mine, taken = 0, last = 0;
port.onmessage = ({ data }) => {
  taken++;
  if (data.memory) {
    ({ memory, control, worker: me } = data);
    words = new Int32Array(memory.buffer, control, ${controlBytes / 4});
    mine = ${slotOf(0)} + me * ${slotOf(1) - slotOf(0)};
  } else if (data.module) add(data);
  else programs.delete(data.drop);
  serve();
};
function add({ module, id, scratch, stride }) {
  try {
    const env = { memory, threadScratch: scratch + me * stride, fail, stalled() {} };
    programs.set(id, new WebAssembly.Instance(module, { env }).exports);
    Atomics.store(words, mine + ${slot.ready}, id);
  } catch {
    Atomics.store(words, mine + ${slot.ready}, -1);
  }
  port.postMessage("ready");
}
// Until there is mail, which only the event loop can take.
function serve() {
  for (;;) {
    const heard = Atomics.load(words, mine + ${slot.bell});
    if (Atomics.load(words, mine + ${slot.mail}) !== taken) return;
    const start = Atomics.load(words, mine + ${slot.start});
    if (start !== last) run((last = start));
    else idle(heard);
  }
}
function idle(heard) {
  for (let i = 0; i < ${turns}; i++) if (Atomics.load(words, mine + ${slot.bell}) !== heard) return;
  Atomics.store(words, mine + ${slot.asleep}, 1);
  Atomics.wait(words, mine + ${slot.bell}, heard);
  Atomics.store(words, mine + ${slot.asleep}, 0);
}
function run(number) {
  Atomics.store(words, mine + ${slot.begun}, number);
  const first = words[${control.first}], threads = words[${control.threads}], scratch = words[${control.scratch}];
  const program = programs.get(words[${control.program}]);
  try {
    if (threads > 1) program.share(scratch, me - first, threads, control);
    else program.run(scratch);
  } catch (error) {
    if (words[mine + ${slot.fault}] === 0) trapped(error);
    Atomics.or(words, ${control.phase}, ${aborted});
    Atomics.notify(words, ${control.phase});
  }
  Atomics.store(words, mine + ${slot.done}, number);
  if (first === 1) port.postMessage(number);
  else if (Atomics.load(words, ${control.phase}) < 0) Atomics.notify(words, mine + ${slot.done});
}
function fail(failure, value) {
  words[mine + ${slot.fault}] = 1;
  words[mine + ${slot.failure}] = failure;
  new Float64Array(memory.buffer, control + (mine + ${slot.value}) * 4, 1)[0] = value;
  throw new Error("a check failed");
}
function trapped(error) {
  words[mine + ${slot.fault}] = 2;
  const text = new TextEncoder().encode(String(error && error.message)).subarray(0, ${textBytes});
  new Uint8Array(memory.buffer, control + (mine + ${slot.text}) * 4, ${textBytes}).set(text);
  words[mine + ${slot.length}] = text.length;
}
`;
