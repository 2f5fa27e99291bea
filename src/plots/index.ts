// Pictures of what a script found: as SVG, and as text for a terminal.
export { type ImageRow, images } from "./images.js";
export { lines, type LinesOptions, type Series } from "./lines.js";
