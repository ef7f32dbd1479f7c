import { OptionError, checkInteger } from '@mm/printk';

import { checkArch } from './check-arguments.js';
import type { SlabArch } from './slab-arch.js';

/** Where the characters begin: 16 bytes of two digits and a space each, and one space more. */
const TEXT_COLUMN = 49;
const LINE_BYTES = 16;

/**
 * Up to 16 bytes as hexadecimal digits and as text.
 * @throws OptionError for what is no Uint8Array, and for more bytes.
 * @example
 * hexDumpLine(Uint8Array.of(0x6b, 0xa5)); // '6b a5' and, from column 49 on, 'k.'
 * @see linux 6.1 lib/hexdump.c hex_dump_to_buffer
 */
export function hexDumpLine(bytes: Uint8Array): string {
  if (!(bytes instanceof Uint8Array) || bytes.length > LINE_BYTES)
    throw new OptionError('bytes', `a Uint8Array of at most ${LINE_BYTES}`, bytes);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = Array.from(bytes, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join(
    '',
  );
  return `${hex.padEnd(TEXT_COLUMN)}${text}`;
}

/**
 * A virtual address as the kernel prints it when it does not hide addresses: two digits a byte, no prefix; 0 is NULL.
 *
 * @param address physical, bytes.
 * @throws OptionError for what is no architecture or no address.
 * @example
 * virtualAddress(SLAB_ARCH_X86_64, 0x1000); // 'ffff888000001000'
 */
export function virtualAddress(arch: SlabArch, address: number): string {
  const { pageOffset, pointerBytes } = checkArch(arch);
  checkInteger('address', address, 0, Number.MAX_SAFE_INTEGER);
  return (address === 0 ? 0n : pageOffset + BigInt(address)).toString(16).padStart(2 * pointerBytes, '0');
}
