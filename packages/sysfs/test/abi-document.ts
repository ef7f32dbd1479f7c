import { SLAB_ATTRIBUTES, type SlabAttribute } from '../src/index.js';

const INTRODUCTION = `<!-- Made from the table of attributes in packages/sysfs/src/slab/slab-attributes.ts: change it there, then run
     npx vitest run packages/sysfs -u -->

# /sys/kernel/slab

What SLUB of Linux 6.1 shows of its caches, and takes from those who write. SLAB has no such directory.

## Directories and links

- A cache that can be shared by several users has a directory named after what users must agree on: \`:\`, letters, \`-\`, and the
  bytes of an object in seven digits. \`d\` is SLAB_CACHE_DMA, \`D\` SLAB_CACHE_DMA32, \`a\` SLAB_RECLAIM_ACCOUNT, \`F\`
  SLAB_CONSISTENCY_CHECKS; \`A\` (SLAB_ACCOUNT) does not occur, as there are no memory cgroups. Without letters there is no \`-\`. Each
  user's name is a link to that directory.
- A cache that is never shared (debug flags, a constructor, a region for user copies, SLAB_TYPESAFE_BY_RCU, \`slub_nomerge\`) has a
  directory of its own name. A slash in a name becomes \`!\`.
- A new cache or user takes over whatever stands under its name. So of two caches of one name that cannot be merged the first
  loses its directory, although it lives on.
- A link stays when its cache goes, and then points to nothing, until a cache with the same needs comes again.
- The directory of a destroyed cache is removed when those who have a file of it in use are done; of a cache with
  SLAB_TYPESAFE_BY_RCU after a grace period. Until then its name is taken.

## Errors

| | |
| --- | --- |
| opening a file without the right for it, even as root | EACCES |
| opening for writing what is not there | EACCES |
| a file whose cache has gone meanwhile | ENODEV |
| a text that a file does not take | EINVAL |
| a number that is too large | ERANGE |

A write is cut into pieces of 4096 bytes, each of which is a write of its own. A text that is read is cut at 4095 bytes.

## Files

\`needs\` is the option of the kernel without which a file is not there; CONFIG_NUMA is off, so there is no
\`remote_node_defrag_ratio\` and no \`N0=\` behind counts. \`since\` is the first kernel with the file.
`;

const AFTER = `
## cache_dma32

The file of the patch series "iommu/io-pgtable-arm-v7s: Use DMA32 zone for page tables". It says whether a cache was made with
SLAB_CACHE_DMA32, so that its objects lie in ZONE_DMA32 or below, as \`cache_dma\` does for SLAB_CACHE_DMA.

| version | |
| --- | --- |
| RFC v1, 9 November 2018 | not there: the series changed what SLAB_CACHE_DMA means |
| v2, 11 November 2018 | proposed, with the flag, and the letter \`D\` in names of directories |
| v4, 5 December 2018 | proposed again, now with its text for Documentation/ABI; here: \`series: 'v4'\` |
| v5, 7 December 2018 | moved into a patch of its own |
| v6, 10 December 2018 | posted; the rest of the series was merged for 5.1, this file was not |
| 5.1 to 6.1 | not there: flag and letter are, the file never was; here: \`series: 'merged'\`, the default |

## Moved to debugfs

\`alloc_calls\` and \`free_calls\` (2.6.22) left sysfs in 5.14. A cache that keeps its users (slub_debug=U) has
\`/sys/kernel/debug/slab/NAME/alloc_traces\` and \`free_traces\` instead, mode 400: live objects by who allocated or last freed them, the
most frequent first, as \`count caller [waste=bytes/bytes] age=... pid=... [cpus=...]\`. Here ages are 0, as there is no clock, and
stacks of calls are not kept.

## Beyond Linux 6.1

- \`objects\` and the objects of /proc/slabinfo: 6.1 reads the total before it takes the list lock. When a slab comes in between and
  is given up with free objects, those exceed the total, and 18446744073709551609 (or so) is printed. Here the total is read
  under the lock. The model checker finds the number when the order is changed (\`sysfs-read-objects\`).
- \`cpu_slabs\` and \`slabs_cpu_partial\`: 6.1 reads a partial list's first slab and the length it notes apart. The slab may have left
  the list in between, and the number is then part of a pointer. Here both are one step.
- \`min_partial\` above 2^53 is kept to 53 bits.
`;

const row = ({ name, mode, type, meaning, since, needs }: SlabAttribute): string =>
  `| ${[`\`${name}\``, mode.toString(8), type, meaning, needs ?? '', since].join(' | ')} |`;

/** The document of the files of /sys/kernel/slab. */
export function abiDocument(): string {
  const written = SLAB_ATTRIBUTES.filter(({ takes }) => takes !== null);
  const statistics = written.filter(({ needs }) => needs === 'SLUB_STATS');
  const others = written.filter(({ needs }) => needs !== 'SLUB_STATS');
  return [
    INTRODUCTION,
    '| file | mode | type | meaning | needs | since |',
    '| --- | --- | --- | --- | --- | --- |',
    ...SLAB_ATTRIBUTES.map(row),
    '',
    '## What can be written',
    '',
    '| file | takes |',
    '| --- | --- |',
    ...others.map(({ name, takes }) => `| \`${name}\` | ${takes} |`),
    `| the ${statistics.length} event counters | ${statistics[0]!.takes} |`,
    AFTER,
  ].join('\n');
}
