import { nn, optim, defineModel } from "gradloom";
import { stagesOf, stageNames } from "#src/pictures/stages.js";
import { stagePicture } from "#src/pictures/stage-picture.js";
import { writePicture } from "#src/pictures/render.js";
const m = defineModel({
  name: "mnist-mlp", inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () => nn.sequential(nn.dense(784, 128, { activation: "relu" }), nn.dense(128, 10)),
  build: ({ x, y }, model) => { const logits = model(x); return { loss: () => nn.softmaxCrossEntropy(logits, y).mean(), outputs: () => ({ digit: logits.argmax(1) }) }; },
  optimizer: () => optim.sgd({ lr: 0.01 }), data: () => ({ batches: () => [] }),
});
const i = m.create(); const g = i.train().graph; const p = i.predict().graph;
const built = { ...g, outputs: new Map([...g.outputs, ...p.outputs]), updates: new Map() };
const s = stagesOf(built as any, g, { batch: 32 });
for (const n of stageNames) { const { picture, layout } = stagePicture(s, n); await writePicture(picture, `out/pic/${n}.png`, layout); await writePicture(picture, `out/pic/${n}.dot`, layout);}
for (const q of s.passes) console.log(q.name, q.depth, q.ms.toFixed(1));
