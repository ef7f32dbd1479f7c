/* oxlint-disable unicorn/consistent-function-scoping -- a body beside its test reads better */
import { describe, expect, it } from 'vitest';

import { erase, eraseWithMap } from './erase.js';

const spaces = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();
const erased = (source: string): string => spaces(erase(source, 'm.ts'));
/** The erased form of statements inside a stepped function. */
const body = (statements: string): string =>
  erased(`function* f(): Steps<void> { ${statements} }`).replace(
    /^function f\(\): void \{ ?(.*?) ?\}$/u,
    '$1',
  );
const refusal = (source: string): string => {
  try {
    return `no refusal: ${erase(source, 'm.ts')}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('functions', () => {
  it.each([
    ['function* f(): Steps<void> {}', 'function f(): void {}'],
    ['export function* f<T>(x: T): Steps<T> { return x; }', 'export function f<T>(x: T): T { return x; }'],
    ['export default function* (): Steps<void> {}', 'export default function (): void {}'],
    ['function /* a * b */ * f(): Steps<void> {}', 'function /* a * b */ f(): void {}'],
    ['const f = function* (): Steps<number> { return 1; };', 'const f = function (): number { return 1; };'],
    ['const o = { *f(): Steps<void> {} };', 'const o = { f(): void {} };'],
    ['const o = { f: function* (): Steps<void> {} };', 'const o = { f: function (): void {} };'],
    ['class C { *f(): Steps<void> {} }', 'class C { f(): void {} }'],
    ['class C { static *#f(): Steps<void> {} }', 'class C { static #f(): void {} }'],
    ['class C { *["f"](): Steps<void> {} }', 'class C { ["f"](): void {} }'],
    ['const f = (): Steps<void> => g();', 'const f = (): void => g();'],
    [
      'function* f(): Steps<void> { function* g(): Steps<void> {} yield* g(); }',
      'function f(): void { function g(): void {} g(); }',
    ],
  ])('%s', (source, expected) => expect(erased(source)).toBe(expected));
});

describe('yields', () => {
  it.each([
    ['yield read(c); a();', 'a();'],
    ['if (x) yield lock(c);', 'if (x) {}'],
    ['if (x) yield lock(c); else yield unlock(c);', 'if (x) {} else {}'],
    ['for (;;) yield read(c);', 'for (;;) {}'],
    ['if (x) yield cpuDown(1);', 'if (x) {}'],
    ['while (x) yield read(c);', 'while (x) {}'],
    ['again: yield read(c);', 'again: {}'],
    ['switch (x) { case 1: yield read(c); a(); break; }', 'switch (x) { case 1: a(); break; }'],
    ['(yield read(c));', ''],
    ['a()\n yield read(c);\n (b)();', 'a() ; (b)();'],
    ['const ok = yield tryLock(c);', 'const ok = (true as boolean);'],
    ['if (!(yield tryLock(c))) return;', 'if (!((true as boolean))) return;'],
    ['const a = yield* g();', 'const a = g();'],
    ['return yield* g();', 'return g();'],
    ['return yield*\n g();', 'return g();'],
    ['h(yield* g(), 1);', 'h(g(), 1);'],
    ['if ((yield* g()) > 1) return;', 'if ((g()) > 1) return;'],
    ['const a = yield* x ? g() : h();', 'const a = x ? g() : h();'],
    ['yield* (g());', 'void (g());'],
    ['yield* eachCpu(ctx, cpus, (own) => g(own));', 'eachCpu(ctx, cpus, (own) => g(own));'],
    ['yield lock(pcpLock(pages, cpu)); yield read(this.cells.base + Math.min(a, 2));', ''],
    ['yield read(x.cell(1)); yield x ? read(a) : write(b!);', ''],
    ['/* before */ yield read(c); // after', '/* before */ // after'],
  ])('%s', (source, expected) => expect(body(`${source}\n`)).toBe(expected));
});

describe('raced', () => {
  const source = (statements: string): string =>
    erased(`import { raced } from '@mm/steps/stepped'; function* f(): Steps<void> { ${statements} }`).replace(
      /^function f\(\): void \{ ?(.*?) ?\}$/u,
      '$1',
    );
  it.each([
    ['if (raced(a[i] !== b)) { yield read(c); yield* g(); continue; } h();', 'h();'],
    ['if (raced(a !== b)) return; else h();', 'if ((false as boolean)) return; else h();'],
    ['if (x && raced(a !== b)) h();', 'if (x && (false as boolean)) h();'],
    ['const done = !raced(a !== b);', 'const done = !(false as boolean);'],
    ['if (x) if (raced(a !== b)) h();', 'if (x) {}'],
  ])('%s', (statements, expected) => expect(source(statements)).toBe(expected));
  it('is a name like any other where it is not imported from the steps', () => {
    expect(body('if (raced(a)) h();')).toBe('if (raced(a)) h();');
  });
  it('asks and changes nothing', () => {
    expect(refusal("import { raced } from '@mm/steps/stepped';\nraced(i++);")).toBe(
      'm.ts:2:7: an access must not change anything: UpdateExpression is erased with its yield',
    );
  });
});

describe('types', () => {
  it.each([
    ['type A = Steps<number>;', 'type A = number;'],
    ['type A = Steps<number> | null;', 'type A = (number) | null;'],
    ['type A = Steps<number | null>[];', 'type A = (number | null)[];'],
    ['type A<T> = (x: T) => Steps<Map<string, T>>;', 'type A<T> = (x: T) => Map<string, T>;'],
    [
      'interface I { f(x: number): Steps<void>; g: Array<Steps<void>> }',
      'interface I { f(x: number): void; g: Array<void> }',
    ],
    ["type A = import('@mm/steps/stepped').Context;", "type A = import('@mm/steps').Context;"],
  ])('%s', (source, expected) => expect(erased(source)).toBe(expected));
});

describe('imports', () => {
  const from = "from '@mm/steps/stepped';";
  it('drops the names that only erased code used', () => {
    expect(
      erased(`import { type Context, type Steps, lock } ${from}
        export function* f(ctx: Context, c: number): Steps<void> { if (c) yield lock(c); }`),
    ).toBe(
      "import { type Context } from '@mm/steps'; export function f(ctx: Context, c: number): void { if (c) {} }",
    );
  });
  it('drops an import of which nothing is left', () => {
    expect(erased(`import { lock } ${from} function* f(): Steps<void> { yield lock(1); }`)).toBe(
      'function f(): void { }',
    );
  });
  it('is not misled by members and labels of the same name', () => {
    const source = `import { lock, read } ${from} function* f(x: X): Steps<void> { yield read(1); yield lock(x.lock); x.read({ lock: 1 }); }`;
    expect(erased(source)).toBe('function f(x: X): void { x.read({ lock: 1 }); }');
  });
  it('keeps a name that is still used', () => {
    expect(erased(`import { c } from './c.js'; function* f(): Steps<void> { yield read(c); a(c); }`)).toBe(
      "import { c } from './c.js'; function f(): void { a(c); }",
    );
  });
  it('keeps the default where only names go', () => {
    expect(erased(`import d, { c } from './c.js'; function* f(): Steps<void> { yield read(c); d(); }`)).toBe(
      "import d from './c.js'; function f(): void { d(); }",
    );
  });
  it('follows local names of Steps and tryLock', () => {
    const source = `import { type Steps as S, tryLock as attempt } ${from} function* f(): S<boolean> { return yield attempt(1); }`;
    expect(erased(source)).toBe('function f(): boolean { return (true as boolean); }');
  });
  it.each([
    ["import '@mm/buddy/stepped';", "import '@mm/buddy';"],
    ['import { f } from "@mm/buddy/stepped"; f;', 'import { f } from "@mm/buddy"; f;'],
    ["export * from '@mm/buddy/stepped';", "export * from '@mm/buddy';"],
    ["export { f as g } from '@mm/buddy/stepped';", "export { f as g } from '@mm/buddy';"],
    ["export { f } from './stepped';", "export { f } from './stepped';"],
  ])('%s', (source, expected) => expect(erased(source)).toBe(expected));
});

describe('refuses, with the place', () => {
  const inside = (statement: string): string => `function* f(): Steps<void> {\n  ${statement}\n}`;
  it.each([
    [inside('const x = yield read(c);'), 'm.ts:2:13: only `yield tryLock(cell)` has an answer'],
    [inside('a(yield irqSave);'), 'm.ts:2:5: only `yield tryLock(cell)` has an answer'],
    [inside('yield;'), 'm.ts:2:3: a yield needs an access'],
    ['function* f() {}', 'm.ts:1:1: a generator must declare that it returns Steps<T>'],
    ['function* f(): Generator<number> {}', 'm.ts:1:1: a generator must declare that it returns Steps<T>'],
    ['async function* f(): Steps<void> {}', 'm.ts:1:1: an async generator has no erased form'],
    ['async () => { for await (const x of y) x(); }', 'm.ts:1:15: `for await` has no erased form'],
    ['class C { *[Symbol.iterator](): Steps<void> {} }', 'm.ts:1:11: an iterator method has no erased form'],
    [
      inside('const g = h(); yield* g;'),
      'm.ts:2:25: expected a call after `yield*`: steps kept in a variable would run where they were made',
    ],
    [inside('f();'), 'm.ts:2:3: f makes steps: expected `yield* f(...)`'],
    [inside('const g = f();'), 'm.ts:2:13: f makes steps: expected `yield* f(...)`'],
    [inside('yield* g(); h(g());'), 'm.ts:2:17: g makes steps: expected `yield* g(...)`'],
    [inside('return f();'), 'm.ts:2:10: f makes steps: expected `yield* f(...)`'],
    [
      inside('yield read(next());'),
      'm.ts:2:14: the call of next would be erased with its yield; expected a function that computes a cell (named ...Cell, ...Lock or ...Slot)',
    ],
    [
      inside('yield read(i++);'),
      'm.ts:2:14: an access must not change anything: UpdateExpression is erased with its yield',
    ],
    [
      inside('yield read(i = 1);'),
      'm.ts:2:14: an access must not change anything: AssignmentExpression is erased with its yield',
    ],
    [
      "import * as s from '@mm/steps/stepped';",
      'm.ts:1:8: a stepped face must be imported by names, not as a whole',
    ],
    ['type A = Steps;', 'm.ts:1:10: Steps needs its type argument'],
  ])('%s', (source, message) => expect(refusal(source)).toBe(message));

  it('source that does not parse', () => expect(refusal('let x = ;\n')).toMatch(/^m\.ts:1:\d+: /u));
});

it('the source map leads from erased code to the stepped line', () => {
  const { map } = eraseWithMap('function* f(): Steps<void> {\n  yield read(1);\n  a();\n}\n', 'm.ts');
  expect(map.sources).toEqual(['m.ts']);
  expect(map.mappings.split(';').length).toBe(5);
});
