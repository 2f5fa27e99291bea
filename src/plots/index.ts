// Pictures of numbers: as SVG documents, and as text for who works over ssh.
export { confusion } from "./confusion.js";
export { type ImageOptions, type ImageRow, images } from "./images.js";
export { lines, type LinesOptions, type Points, type Series } from "./lines.js";
export { save } from "./save.js";
