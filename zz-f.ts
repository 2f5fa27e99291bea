import { recipeOf, build } from "./test/fuzz/zz-recipe.js";
import { shrink } from "./test/fuzz/zz-shrink.js";
import { runGraph } from "./test/run-graph.js";
import { interpret } from "#runtime/interpret.js";
const r = recipeOf(Number(process.argv[2])); const p = build(r, r.seed % 4 === 0 ? "f64" : "f32");
try { runGraph(p.graph, p.feeds, interpret); } catch (e: any) { let c = e; while (c.cause) c = c.cause; console.log(c.stack); }
