import type { SlubCache } from './slub-cache.js';
import { trackBytes } from './slub-geometry.js';

/**
 * Tracked kmalloc objects remember how many bytes were asked for, behind both tracks.
 * @see linux 6.1 mm/slub.c set_orig_size
 */
export function noteOrigSize(cache: SlubCache, object: number, size: number): void {
  const { memory, arch } = cache.system;
  memory.write32(object + infoEnd(cache) + 2 * trackBytes(arch), size);
}

/**
 * Where the records of who allocated and freed begin: behind the object, and behind its free pointer when that lies there.
 * @see linux 6.1 mm/slub.c get_info_end
 */
export const infoEnd = (cache: SlubCache): number =>
  cache.offset >= cache.inuse ? cache.inuse + cache.system.arch.pointerBytes : cache.inuse;
