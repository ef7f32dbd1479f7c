type Face = Readonly<Record<string, unknown>>;

const isClass = (value: unknown): value is { prototype: object } =>
  typeof value === 'function' && /^class\b/u.test(Function.prototype.toString.call(value));

/** Methods of a class that take arguments, setters and getters left out. */
function methodsOf(prototype: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function' && takesAny(value))
    .map(([name]) => name);
}

/** Whether a function takes arguments: `length` leaves out those with defaults. */
function takesAny(value: (...args: never[]) => unknown): boolean {
  return value.length > 0 || !/^[^(]*\(\s*\)/u.test(Function.prototype.toString.call(value));
}

/** Whether a class is made without arguments. */
const takesNothing = (type: object): boolean =>
  !/\bconstructor\s*\(\s*[^)\s]/u.test(Function.prototype.toString.call(type));

/** Everything of a package that can be called with an argument: functions, constructors, methods. */
export function publicNames(face: Face): string[] {
  return Object.entries(face).flatMap(([name, value]) => {
    if (typeof value !== 'function') return [];
    if (!isClass(value)) return takesAny(value as () => unknown) ? [name] : [];
    const constructors = takesNothing(value) ? [] : [`new ${name}`];
    return [...constructors, ...methodsOf(value.prototype).map((method) => `${name}.${method}`)];
  });
}
