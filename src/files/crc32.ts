// CRC-32 as in gzip and PNG (reflected polynomial 0xedb88320): tells files that were damaged.

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The checksum of some bytes, as eight hexadecimal digits. */
export function crc32(bytes: Uint8Array): string {
  let rest = -1;
  for (let i = 0; i < bytes.length; i++) rest = table[(rest ^ bytes[i]!) & 0xff]! ^ (rest >>> 8);
  return (~rest >>> 0).toString(16).padStart(8, "0");
}
