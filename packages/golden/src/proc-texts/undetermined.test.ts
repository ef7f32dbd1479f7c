import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import {
  MEMINFO_UNDETERMINED,
  SLABINFO_UNDETERMINED,
  SYSFS_UNDETERMINED,
  type Undetermined,
  VMSTAT_UNDETERMINED,
  ZONEINFO_UNDETERMINED,
} from './undetermined.js';

const file = fileURLToPath(new URL('../../../../docs/abi/undetermined-fields.md', import.meta.url));

const INTRODUCTION = `<!-- Made from packages/golden/src/proc-texts/undetermined.ts: change it there, then run
     npx vitest run packages/golden/src/proc-texts -u -->

# Fields that a machine's state does not determine

The texts that recorded kernels printed are compared byte for byte with ours. A recording is brought into a machine first, as far as a
machine has such a state: free blocks by order and type, pageblock types, free pages of zones, lengths of per-cpu
lists, pages of slabs, event counters of caches. The numbers of these fields are not compared, but their lines, names and
places are; lines that are not printed here at all are left out.

Of kernels with pageblocks or free blocks beyond order 10 (32-bit arm with MAX_ORDER 12) /proc/buddyinfo and
/proc/pagetypeinfo are not compared.
`;

const section = (title: string, undetermined: readonly Undetermined[]): string =>
  [
    `## ${title}\n`,
    '| fields | why |',
    '| --- | --- |',
    ...undetermined.map(
      ({ fields, why, absent }) =>
        `| ${fields.map((field) => `\`${field}\``).join(', ')} | ${why}${absent ? '; no line' : ''} |`,
    ),
    '',
  ].join('\n');

it('docs/abi/undetermined-fields.md names the fields that are not compared', async () => {
  const text = [
    INTRODUCTION,
    section('/proc/zoneinfo', ZONEINFO_UNDETERMINED),
    section('/proc/meminfo', MEMINFO_UNDETERMINED),
    section('/proc/vmstat, of which there is no recording', VMSTAT_UNDETERMINED),
    section('/sys/kernel/slab', SYSFS_UNDETERMINED),
    section('/proc/slabinfo', SLABINFO_UNDETERMINED),
    '/proc/buddyinfo and /proc/pagetypeinfo: none.\n',
  ].join('\n');
  await expect(text).toMatchFileSnapshot(file);
});
