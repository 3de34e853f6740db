// Ids and waiting times that differ between visitors.

/** A random UUID (version 4). `crypto.randomUUID` is missing on pages without https, so it is built here. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 15) | 64;
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const firstMs = 1000;
const longestMs = 30_000;

/**
 * How long to wait before attempt `failures + 1`, in milliseconds: doubling from one second to thirty, and
 * between half and all of that, so that a server that comes back is not met by everyone at once.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1));
  return full * (0.5 + random() / 2);
}
