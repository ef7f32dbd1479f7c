import { OptionError } from '@mm/printk';
import { parseGfp } from '@mm/zones';

import { readTraceText } from './trace-text.js';

/** Something that a recorded kernel did. Pointers and page frames are only names here. */
export type KmemEvent =
  | {
      readonly kind: 'kmalloc';
      readonly cpu: number;
      readonly pointer: string;
      readonly size: number;
      readonly gfp: number;
    }
  | {
      readonly kind: 'cache alloc';
      readonly cpu: number;
      readonly pointer: string;
      /** Bytes of an object. */
      readonly size: number;
      /** Name of the cache; by its size where no object of it was freed in the trace. */
      readonly cache: string;
      readonly gfp: number;
    }
  | { readonly kind: 'free'; readonly cpu: number; readonly pointer: string }
  | {
      readonly kind: 'pages';
      readonly cpu: number;
      readonly pointer: string;
      readonly order: number;
      readonly gfp: number;
    }
  | { readonly kind: 'free pages'; readonly cpu: number; readonly pointer: string };

const LINE =
  /\[(\d+)\].*?\b(kmalloc|kmalloc_node|kmem_cache_alloc|kmem_cache_alloc_node|kfree|kmem_cache_free|mm_page_alloc|mm_page_free): (.*)$/u;

/** A caller and the bytes it asks for name a cache, as the event of an allocation does not. */
const signature = (fields: ReadonlyMap<string, string>): string =>
  `${fields.get('call_site')} ${fields.get('bytes_req')} ${fields.get('bytes_alloc')}`;

interface Raw {
  readonly line: number;
  readonly cpu: number;
  readonly event: string;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Reads kmem events out of the text of a kernel trace: the tracefs `trace` file or `trace-cmd report`. Other lines are passed
 * over.
 *
 * @throws OptionError naming the file and line of an event that cannot be read, and for text without any.
 * @example
 * parseKmemTrace(text, 'trace.txt').length;
 */
export function parseKmemTrace(text: string, name: string): KmemEvent[] {
  const raw: Raw[] = [];
  for (const [i, line] of text.split(/\r?\n/u).entries()) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const fields = new Map(
      [...match[3]!.matchAll(/(\w+)=(\S+)/gu)].map((field): [string, string] => [field[1]!, field[2]!]),
    );
    raw.push({ line: i + 1, cpu: Number(match[1]), event: match[2]!.replace(/_node$/u, ''), fields });
  }
  if (raw.length === 0) throw new OptionError(name, 'kmem events such as kmem:kmalloc', 'none in it');
  const caches = cachesOf(raw);
  return raw.flatMap((one) => eventOf(one, name, caches) ?? []);
}

/** Signature → name of the cache, from the frees of what was allocated. */
function cachesOf(raw: readonly Raw[]): Map<string, string> {
  const live = new Map<string, string>();
  const caches = new Map<string, string>();
  for (const { event, fields } of raw) {
    const pointer = fields.get('ptr') ?? '';
    const asked = live.get(pointer);
    if (event === 'kmem_cache_alloc') live.set(pointer, signature(fields));
    else if (event === 'kmem_cache_free' && asked !== undefined) {
      const cache = fields.get('name');
      if (cache !== undefined) caches.set(asked, cache);
      live.delete(pointer);
    }
  }
  return caches;
}

function eventOf(
  { line, cpu, event, fields }: Raw,
  name: string,
  caches: ReadonlyMap<string, string>,
): KmemEvent | null {
  const field = (key: string): string => {
    const value = fields.get(key);
    if (value === undefined)
      throw new OptionError(`${name}:${line}`, `${key}= in a ${event} event`, 'none in it');
    return value;
  };
  const number = (key: string, max: number): number => {
    const value = /^\d{1,10}$/u.test(field(key)) ? Number(field(key)) : Number.NaN;
    if (!(value <= max)) throw new OptionError(`${name}:${line} ${key}`, `a number up to ${max}`, field(key));
    return value;
  };
  const gfp = (): number => parseGfp(field('gfp_flags'));
  switch (event) {
    case 'kmalloc':
      return { kind: 'kmalloc', cpu, pointer: field('ptr'), size: number('bytes_req', 2 ** 32), gfp: gfp() };
    case 'kmem_cache_alloc': {
      const size = number('bytes_req', 2 ** 20);
      const cache = caches.get(signature(fields)) ?? fields.get('name') ?? `unnamed-${size}`;
      return { kind: 'cache alloc', cpu, pointer: field('ptr'), size, cache, gfp: gfp() };
    }
    case 'kfree':
    case 'kmem_cache_free':
      return { kind: 'free', cpu, pointer: field('ptr') };
    case 'mm_page_alloc':
      return { kind: 'pages', cpu, pointer: `pfn ${field('pfn')}`, order: number('order', 11), gfp: gfp() };
    default:
      return { kind: 'free pages', cpu, pointer: `pfn ${field('pfn')}` };
  }
}

/** Reads a trace file, plain or gzipped. @throws OptionError naming the file. */
export const readKmemTrace = (file: string): KmemEvent[] =>
  parseKmemTrace(readTraceText(file), file.split('/').at(-1)!);
