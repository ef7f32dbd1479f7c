import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { EraseError } from './erase.js';
import { eraseFolder } from './erase-folder.js';

const usage = 'usage: mm-erase FROM TO | mm-erase --workspace';

function main(args: readonly string[]): number {
  if (args.length === 1 && args[0] === '--workspace') {
    for (const dir of readdirSync('packages')) {
      const from = join('packages', dir, 'src', 'stepped');
      if (existsSync(from)) eraseFolder(from, join('packages', dir, 'src', 'erased'));
    }
    return 0;
  }
  const [from, to] = args;
  if (args.length !== 2 || from === undefined || to === undefined) {
    console.error(usage);
    return 2;
  }
  eraseFolder(from, to);
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof EraseError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
