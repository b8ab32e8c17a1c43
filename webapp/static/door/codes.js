/* Tickets' codes, as engage/codes.py and engage/arrivals.py read them. */

const ADDRESS = /\/t\/([A-Za-z2-7]{26})(?![A-Za-z0-9])/;

/* The code in what was scanned or typed: a ticket's address (…/t/CODE), or the bare code. */
export function codeIn(text) {
  const found = ADDRESS.exec(text);
  return (found ? found[1] : text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim()).toLowerCase();
}

/* What rosters have instead of codes: the first 128 bits of SHA-256 as base64url. null where the browser has no cryptography
   (an address without https): then only the server knows tickets. */
export async function digest(code) {
  if (!globalThis.crypto?.subtle) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code)), 0, 16);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/* A UUID of version 7 (RFC 9562): milliseconds, then 74 random bits. What a device sends together lies together in the database,
   which then writes a third of the pages. Works without https too, where browsers have no randomUUID. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(Date.now()) << 16n) | BigInt((bytes[6] << 8) | bytes[7]));
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
