// Built JavaScript: measures one model script in both modes, each in fresh processes, and prints what it found.
import { measured } from "../examples/static-dynamic.js";

const [script, seconds, processes, threads] = process.argv.slice(2) as [string, string, string, string];
const extent = { seconds: Number(seconds), processes: Number(processes), threads: Number(threads) };
console.log(JSON.stringify(await measured(script, extent)));
