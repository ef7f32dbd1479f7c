import { CPUS_MAX } from '@mm/interleave';
import { OptionError, checkObject } from '@mm/printk';

import type { WorldOptions } from '../subsystem.js';

/** What `typeof` says of a value. */
type TypeName<T> = T extends string ? 'string' : T extends number ? 'number' : 'boolean';

/** Options of a world that a file may set, with the types of each. `createMachine` checks their values. */
const OPTION_TYPES: {
  readonly [K in keyof WorldOptions]-?:
    | TypeName<NonNullable<WorldOptions[K]>>
    | ReadonlyArray<TypeName<NonNullable<WorldOptions[K]>>>;
} = {
  preset: 'string',
  cpus: 'number',
  series: 'string',
  ramBytes: ['number', 'string'],
  strict: 'boolean',
  slab: 'string',
  debugSlab: 'boolean',
  cmdline: 'string',
  pageblockOrder: 'number',
  randomFreelist: 'number',
  hardenedFreelist: 'number',
  faults: 'string',
  failslab: 'string',
  behaviour: 'string',
  tables: 'string',
  shape: 'number',
  corrupt: 'boolean',
};

/**
 * Options of a world: names and types. What their values may be, the world checks as it is made.
 * @returns its CPUs.
 * @throws OptionError that names the option.
 */
export function checkWorldOptions(value: unknown, where: string): number {
  const options = checkObject(where, value, 'an object') as Readonly<Record<string, unknown>>;
  for (const [name, option] of Object.entries(options)) {
    const type = Object.hasOwn(OPTION_TYPES, name) ? OPTION_TYPES[name as keyof WorldOptions] : undefined;
    if (type === undefined)
      throw new OptionError(`${where}.${name}`, `one of ${Object.keys(OPTION_TYPES).join(', ')}`, name);
    if (option === undefined) continue;
    const types = [type].flat();
    if (!types.some((one) => typeof option === one))
      throw new OptionError(`${where}.${name}`, `a ${types.join(' or ')}`, option);
  }
  const { cpus = 1 } = options as WorldOptions;
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > CPUS_MAX)
    throw new OptionError(`${where}.cpus`, `an integer of 1 to ${CPUS_MAX}`, cpus);
  return cpus;
}
