import { OptionError } from '@mm/printk';

import { readTraceText } from './trace-text.js';
import type { Workload, WorkloadOp } from './workloads.js';

const EVENT =
  /\b(?:iommu:)?(map|unmap):\s+IOMMU:\s*iova=(0x[0-9a-fA-F]{1,16})(?:\s*-\s*0x[0-9a-fA-F]{1,16})?(?:\s+paddr=(0x[0-9a-fA-F]{1,16}))?\s+size=(0x[0-9a-fA-F]+|\d+)/u;

/** A map or unmap event that is cut off or garbled: worth a complaint. */
const EVENT_START = /\b(?:iommu:)?(?:map|unmap):\s+IOMMU:/u;

/**
 * Reads the map and unmap events out of the text of a kernel trace: the tracefs `trace` file, `trace-cmd report`, or
 * `perf script`. Other lines are passed over.
 *
 * @throws OptionError naming the file and line of an event that cannot be read, and for text without any.
 * @example
 * const workload = parseIommuTrace(text, 'trace.txt');
 */
export function parseIommuTrace(text: string, name: string): Workload {
  const ops: WorkloadOp[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const event = EVENT.exec(line);
    if (event === null) {
      if (EVENT_START.test(line))
        throw new OptionError(`${name}:${i + 1}`, 'a whole iommu event', line.trim());
      continue;
    }
    const [, kind, iovaText, paText, sizeText] = event;
    const iova = Number(iovaText);
    const size = Number(sizeText);
    checkRange(`${name}:${i + 1} iova`, iova, size);
    if (kind === 'unmap') ops.push({ kind: 'unmap', iova, size });
    else {
      if (paText === undefined)
        throw new OptionError(`${name}:${i + 1}`, 'paddr= in a map event', line.trim());
      const pa = Number(paText);
      checkRange(`${name}:${i + 1} paddr`, pa, size);
      ops.push({ kind: 'map', iova, pa, size });
    }
  }
  if (ops.length === 0) throw new OptionError(name, 'iommu:map and iommu:unmap events', 'none in it');
  return { name, ops };
}

function checkRange(field: string, start: number, size: number): void {
  if (size <= 0 || start % 4096 !== 0 || size % 4096 !== 0) {
    throw new OptionError(field, 'whole pages of 4 KiB', `0x${start.toString(16)} size ${size}`);
  }
  if (start + size > 2 ** 32) {
    throw new OptionError(
      field,
      'addresses below 4 GiB, which a short-descriptor table holds',
      `0x${start.toString(16)}`,
    );
  }
}

/** Reads a trace file, plain or gzipped. @throws OptionError naming the file. */
export function readIommuTrace(file: string): Workload {
  return parseIommuTrace(readTraceText(file), file.split('/').at(-1)!);
}
