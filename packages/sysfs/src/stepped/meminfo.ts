import { type Context, type Steps, read } from '@mm/steps/stepped';

import { checkParts } from '../check-arguments.js';
import { formatMeminfo, meminfoLines } from '../proc/meminfo-lines.js';
import type { SysfsParts } from '../sysfs-parts.js';

/**
 * The text of /proc/meminfo. There is neither user memory nor page cache: their lines are 0.
 *
 * @throws OptionError for what is no part of a machine.
 * @example
 * showMeminfo(ctx, parts).split('\n')[0]; // 'MemTotal:        1013888 kB'
 * @see linux 6.1 fs/proc/meminfo.c meminfo_proc_show
 */
export function* showMeminfo(_ctx: Context, parts: SysfsParts): Steps<string> {
  checkParts(parts);
  for (let zone = 0; zone < parts.pages.nrZones; zone++) yield read(parts.pages.zoneFreeCell + zone);
  return meminfoLines(parts).map(formatMeminfo).join('');
}
