import type { Command } from 'commander';

import { makeImage } from './image.js';
import { wholeNumber, writeOutput } from './option-values.js';

interface Options {
  readonly seed: string;
  readonly maps: string;
  readonly ram: string;
  readonly preset: string;
}

/** `mm-lab image`. */
export function addImageCommand(program: Command): void {
  program
    .command('image')
    .description('write the tables of random mappings, and what an MMU must find in them')
    .argument('<file>', 'JSON file to write')
    .option('--seed <number>', 'the same seed gives the same file', '1')
    .option('--maps <number>', 'ranges to map', '64')
    .option('--ram <size>', 'RAM of the machine, such as 512M', '4G')
    .option('--preset <name>', 'the machine', 'arm64-2018')
    .action((file: string, options: Options) => {
      const image = makeImage({
        seed: wholeNumber('--seed', options.seed, 0, 2 ** 32 - 1),
        maps: wholeNumber('--maps', options.maps, 0, 2000),
        ram: options.ram,
        preset: options.preset,
      });
      writeOutput(file, `${JSON.stringify(image)}\n`);
      const mapped = image.expect.filter(({ pa }) => pa !== null).length;
      const tables = image.memory.length - 1;
      console.log(
        `${file}: ${tables} level 2 tables, ${image.expect.length} addresses, ${mapped} of them mapped`,
      );
    });
}
