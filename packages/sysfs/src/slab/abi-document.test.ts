import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { abiDocument } from '../../test/abi-document.js';

const file = fileURLToPath(new URL('../../../../docs/abi/sysfs-kernel-slab.md', import.meta.url));

it('docs/abi/sysfs-kernel-slab.md says what the table of attributes says; `npx vitest run packages/sysfs -u` writes it', async () => {
  await expect(abiDocument()).toMatchFileSnapshot(file);
});
