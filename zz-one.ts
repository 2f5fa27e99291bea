import { cases, graphOfCase } from "./test/ops/cases.js";
import { compileGraph } from "#passes/compile.js";
for (const c of cases()) if (["reshape, sample 4","slice, sample 3"].includes(c.name)) try { compileGraph(graphOfCase(c), {verify:true}); } catch (e: any) { console.log(c.name, JSON.stringify(c.sample.operands[0]!.shape), e.message); }
