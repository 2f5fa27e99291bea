// Batches epoch after epoch.
import type { ModelData } from "../define-model.js";
import type { Feeds } from "../feeds.js";

/** All batches of epoch 0, then of epoch 1, without end; ends where an epoch has no batch. */
export function* epochsOf(data: ModelData): Generator<Feeds> {
  for (let epoch = 0; ; epoch++) {
    let some = false;
    for (const feeds of data.batches(epoch)) {
      some = true;
      yield feeds;
    }
    if (!some) return;
  }
}
