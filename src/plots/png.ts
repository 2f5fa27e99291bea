// Grey images as PNG files, uncompressed: small enough to stand inside an SVG document.
import { crc32 } from "../files/crc32.js";

/** A PNG file of 8 bits a pixel: 0 is black. */
export function greyPng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // Bits of a pixel; what follows is 0: grey, and the only compression, filter and interlacing there are.
  head[8] = 8;
  const scan = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) scan.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return joined([signature, chunk("IHDR", head), chunk("IDAT", stored(scan)), chunk("IEND", new Uint8Array(0))]);
}

/** Bytes in the zlib format (RFC 1950), in blocks that are stored as they are (RFC 1951). */
function stored(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  for (let from = 0; from < bytes.length; from += 0xffff) {
    const part = bytes.subarray(from, from + 0xffff);
    const last = from + part.length === bytes.length ? 1 : 0;
    const [low, high] = [part.length & 255, part.length >> 8];
    parts.push(Uint8Array.of(last, low, high, low ^ 255, high ^ 255), part);
  }
  let [a, b] = [1, 0];
  for (const byte of bytes) b = (b + (a = (a + byte) % 65521)) % 65521;
  return joined([...parts, Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255)]);
}

function chunk(type: string, bytes: Uint8Array): Uint8Array {
  const body = joined([new TextEncoder().encode(type), bytes]);
  const out = new Uint8Array(body.length + 8);
  const view = new DataView(out.buffer);
  view.setUint32(0, bytes.length);
  out.set(body, 4);
  view.setUint32(4 + body.length, parseInt(crc32(body), 16));
  return out;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
