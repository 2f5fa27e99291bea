import { readFileSync, writeFileSync } from "node:fs"; import { pngOf } from "#src/pictures/render.js";
writeFileSync(process.argv[3]!, await pngOf(readFileSync(process.argv[2]!, "utf8")));
