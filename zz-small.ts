import { Resvg } from "@resvg/resvg-js";
import { readFileSync, writeFileSync } from "node:fs";
for (const f of process.argv.slice(2)) { const b = readFileSync(f).toString("base64"); const w = readFileSync(f).readUInt32BE(16), h = readFileSync(f).readUInt32BE(20); const k = Math.min(1, 1600 / Math.max(w, h));
const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${w*k}" height="${h*k}"><image width="${w*k}" height="${h*k}" xlink:href="data:image/png;base64,${b}"/></svg>`;
writeFileSync(f.replace(".png", ".small.png"), new Resvg(svg).render().asPng()); console.log(f, w, h); }
