// The tile of sums that contractions keep in registers: eight vectors of them.

/** Rows of a tile. */
export const tileRows = 4;
/** Bytes of its columns. */
export const tileBytes = 32;
/** Bytes of a vector. */
export const laneBytes = 16;
