/** How a model runs: as one compiled program, or op by op. */
export type Mode = "compiled" | "eager";
