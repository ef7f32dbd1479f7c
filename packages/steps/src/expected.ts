/** A wrong argument, in the words of the other packages: the field, what was expected, what came. */
export function expected(field: string, what: string, value: unknown): RangeError {
  return new RangeError(`${field}: expected ${what}, got ${describe(value)}`);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** CPUs of an `eachCpu`, as a list. @throws RangeError for what is no list of CPU numbers. */
export function checkCpus(cpus: Iterable<number>): number[] {
  if (typeof cpus !== 'object' || cpus === null || !(Symbol.iterator in cpus))
    throw expected('cpus', 'numbers of CPUs', cpus);
  const list = [...cpus];
  for (const cpu of list)
    if (!Number.isSafeInteger(cpu) || cpu < 0) throw expected('cpus', 'integers from 0', cpu);
  return list;
}
