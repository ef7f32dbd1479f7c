import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { eraseFolder } from './erase-folder.js';
import { EraseError } from './syntax.js';

const usage = `usage: mm-erase FROM TO      erases the .ts files below FROM into TO, which is made anew
       mm-erase --workspace  does so for */*/src/stepped (packages, apps, tools), into src/erased beside it`;

class UsageError extends Error {}

function eraseWorkspace(): void {
  if (!existsSync('packages'))
    throw new UsageError('--workspace: expected a folder "packages" in the current folder, found none');
  for (const room of ['packages', 'apps', 'tools'].filter((folder) => existsSync(folder)))
    for (const dir of readdirSync(room)) {
      const from = join(room, dir, 'src', 'stepped');
      if (existsSync(from)) eraseFolder(from, join(room, dir, 'src', 'erased'));
    }
}

function eraseOne(from: string, to: string): void {
  if (!existsSync(from) || !statSync(from).isDirectory())
    throw new UsageError(`FROM: expected a folder, got "${from}"`);
  // TO is removed first, so nothing but output may ever be named here.
  if (basename(resolve(to)) !== 'erased' && existsSync(to))
    throw new UsageError(`TO: expected a new folder or one named "erased", got "${to}"`);
  if (`${resolve(from)}/`.startsWith(`${resolve(to)}/`))
    throw new UsageError(`TO: expected a folder that does not hold FROM, got "${to}"`);
  eraseFolder(from, to);
}

function main(args: readonly string[]): void {
  const [from, to] = args;
  if (args.length === 1 && (from === '--help' || from === '-h')) console.log(usage);
  else if (args.length === 1 && from === '--workspace') eraseWorkspace();
  else if (
    args.length === 2 &&
    from !== undefined &&
    to !== undefined &&
    !args.some((a) => a.startsWith('-'))
  )
    eraseOne(from, to);
  else throw new UsageError(usage);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const isSystem = error instanceof Error && 'syscall' in error;
  if (!(error instanceof EraseError || error instanceof UsageError || isSystem)) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
