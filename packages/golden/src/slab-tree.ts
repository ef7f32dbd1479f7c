import type { SlabSystem } from '@mm/slab';
import { CPU_SHIFT, SLUB_STAT_NAMES, type SlubCache, SlubStat, SlubSystem } from '@mm/slub';
import { type KernelFs, formatSlabinfo, parseSlabinfo } from '@mm/sysfs';

import { firstDifference } from './first-difference.js';
import type { Mismatch } from './mismatch.js';
import { byColumns } from './player.js';
import { compareText } from './proc-texts/compare-text.js';
import { SYSFS_UNDETERMINED } from './proc-texts/undetermined.js';

/** /sys/kernel/slab as a recording has it. */
export interface RecordedTree {
  readonly attr_columns: readonly string[];
  /** Texts by directory, without the last newline. */
  readonly dirs: Readonly<Record<string, readonly string[]>>;
  readonly links: Readonly<Record<string, string>>;
}

const ROOT = '/sys/kernel/slab';
/** Files that say nothing when they are read; recordings leave them out. */
const SILENT: readonly string[] = ['shrink', 'validate'];
const COUNTS_USAGE = new Set(SYSFS_UNDETERMINED.flatMap(({ fields }) => fields));

/** The first difference between the files of SLUB and those recorded. SLAB has none. */
export function compareSlabTree(
  fs: KernelFs,
  kmem: SlubSystem | SlabSystem,
  recorded: RecordedTree,
): Mismatch | null {
  if (!(kmem instanceof SlubSystem)) return firstDifference(ROOT, false, fs.existsSync(ROOT));
  const names = fs.readdirSync(ROOT);
  const links = names.filter((name) => fs.lstatSync(`${ROOT}/${name}`).isSymbolicLink());
  const targets = Object.fromEntries(links.map((name) => [name, fs.readlinkSync(`${ROOT}/${name}`)]));
  const wrong =
    firstDifference('links', recorded.links, targets) ??
    firstDifference(
      'dirs',
      Object.keys(recorded.dirs).sort(),
      names.filter((name) => !links.includes(name)),
    );
  if (wrong !== null) return wrong;
  for (const [name, texts] of Object.entries(recorded.dirs)) {
    const expected = byColumns(recorded.attr_columns, texts, `dirs.${name}`) as Record<string, string>;
    loadEvents(kmem.names.directories.get(name)!, expected);
    const found =
      firstDifference(
        `dirs.${name}`,
        [...recorded.attr_columns, ...SILENT].sort(),
        fs.readdirSync(`${ROOT}/${name}`),
      ) ?? compareFiles(fs, name, expected);
    if (found !== null) return found;
  }
  return null;
}

function compareFiles(fs: KernelFs, name: string, expected: Record<string, string>): Mismatch | null {
  for (const [file, text] of Object.entries(expected)) {
    const actual = fs.readFileSync(`${ROOT}/${name}/${file}`, 'utf8');
    // Of a constructor only whether there is one: its name and address are the kernel's.
    if (file === 'ctor' && (text === '') !== (actual === ''))
      return { path: `dirs.${name}.ctor`, expected: text, actual };
    if (COUNTS_USAGE.has(file)) continue;
    const found = firstDifference(`dirs.${name}.${file}`, text === '' ? '' : `${text}\n`, actual);
    if (found !== null) return found;
  }
  return null;
}

/** Sets each CPU's event counters to what the files say of it. */
function loadEvents(cache: SlubCache, texts: Readonly<Record<string, string>>): void {
  for (const [i, name] of SLUB_STAT_NAMES.entries())
    for (const match of (texts[name] ?? '').matchAll(/ C(\d+)=(\d+)/gu))
      cache.cpu[(Number(match[1]) << CPU_SHIFT) + SlubStat.allocFastpath + i] = Number(match[2]);
}

/** The first line of slabinfo that differs, with the recorded usage in ours. */
export function compareSlabinfo(fs: KernelFs, recorded: readonly string[]): Mismatch | null {
  const printed = fs.readFileSync('/proc/slabinfo', 'utf8').trimEnd().split('\n');
  const ours = printed.map((line, i) => {
    const known = parseSlabinfo(line);
    const usage = parseSlabinfo(recorded[i] ?? '');
    if (known === null || usage === null) return line;
    const { activeObjects, objects, activeSlabs, slabs, sharedAvailable } = usage;
    return formatSlabinfo({
      ...known,
      activeObjects,
      objects,
      activeSlabs,
      slabs,
      sharedAvailable,
    }).trimEnd();
  });
  return compareText('slabinfo', recorded.join('\n'), ours.join('\n'));
}
