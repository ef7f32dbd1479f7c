import { OptionError, checkText } from '@mm/printk';

import type { RamRange } from './memory-map.js';

const LINE = /^( *)([0-9a-f]+)-([0-9a-f]+) : (.*)$/iu;

/**
 * Reads the RAM of a machine from the text of its `/proc/iomem`: the top-level lines `System RAM`.
 *
 * @throws OptionError for what is no text, naming the line that is malformed, or when there is no System RAM. Read without
 * root rights, the file shows only zeros; that is refused too.
 * @example
 * parseProcIomem('00001000-0009fbff : System RAM\n'); // [{ start: 0x1000, end: 0x9fc00 }]
 */
export function parseProcIomem(text: string): RamRange[] {
  const ranges: RamRange[] = [];
  checkText('iomem', text)
    .split(/\r?\n/u)
    .forEach((line, i) => {
      if (line.trim() === '') return;
      const match = LINE.exec(line);
      const where = `iomem line ${i + 1}`;
      if (match === null) throw new OptionError(where, '"START-END : NAME" in hexadecimal', line);
      if (match[4]!.trim() !== 'System RAM' || match[1] !== '') return;
      const start = Number.parseInt(match[2]!, 16);
      const end = Number.parseInt(match[3]!, 16) + 1;
      if (end === 1) throw new OptionError(where, 'addresses (the file must be read as root)', line);
      if (end <= start) throw new OptionError(where, 'an end that is not below the start', line);
      ranges.push({ start, end });
    });
  if (ranges.length === 0)
    throw new OptionError('iomem', 'at least one line "START-END : System RAM"', text.slice(0, 60));
  return ranges;
}
