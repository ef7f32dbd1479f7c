import { createHash } from 'node:crypto';

/** A text that stands for all bytes of typed arrays, and for what JSON says of anything else. */
export function digest(...parts: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const part of parts)
    hash.update(
      ArrayBuffer.isView(part)
        ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
        : (JSON.stringify(part) ?? ''),
    );
  return hash.digest('hex');
}
