import { OptionError, checkText } from '@mm/printk';

import { buddySubsystem } from './buddy/buddy-subsystem.js';
import { slabSubsystem, slubSubsystem } from './caches/cache-subsystem.js';
import type { Subsystem } from './subsystem.js';
import { sysfsSubsystem } from './sysfs/sysfs-subsystem.js';
import { v7sSubsystem } from './v7s/v7s-subsystem.js';
import { zonesSubsystem } from './zones/zones-subsystem.js';

/** Everything that can be model-checked, by name, lower floors first. */
export const SUBSYSTEMS: ReadonlyMap<string, Subsystem<unknown>> = new Map(
  [zonesSubsystem, buddySubsystem, slubSubsystem, slabSubsystem, sysfsSubsystem, v7sSubsystem].map(
    (system) => [system.name, system as unknown as Subsystem<unknown>],
  ),
);

/**
 * The subsystem of a name.
 * @param field what to call it in an error, such as `--system`.
 * @throws OptionError when there is none.
 * @example
 * subsystemOf('buddy').commands.length;
 */
export function subsystemOf(name: string, field = 'system'): Subsystem<unknown> {
  checkText('field', field);
  const system = SUBSYSTEMS.get(name);
  if (system === undefined) throw new OptionError(field, `one of ${[...SUBSYSTEMS.keys()].join(', ')}`, name);
  return system;
}
