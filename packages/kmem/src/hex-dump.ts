import type { SlabArch } from './slab-arch.js';

/** Where the characters begin: 16 bytes of two digits and a space each, and one space more. */
const TEXT_COLUMN = 49;

/**
 * Up to 16 bytes as hexadecimal digits and as text.
 * @example
 * hexDumpLine(Uint8Array.of(0x6b, 0xa5)); // '6b a5', spaces up to column 49, 'k.'
 * @see linux 6.1 lib/hexdump.c hex_dump_to_buffer
 */
export function hexDumpLine(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = Array.from(bytes, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join(
    '',
  );
  return `${hex.padEnd(TEXT_COLUMN)}${text}`;
}

/** A virtual address as the kernel prints it when it does not hide addresses: 16 digits, no prefix; 0 is NULL. */
export const virtualAddress = (arch: SlabArch, address: number): string =>
  (address === 0 ? 0n : arch.pageOffset + BigInt(address)).toString(16).padStart(2 * arch.pointerBytes, '0');
