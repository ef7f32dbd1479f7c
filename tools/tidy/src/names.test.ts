import { expect, it } from 'vitest';

import { read, sourceFiles } from './house.js';

const BANNED = /(^|\/)(utils?|helpers?|misc|common|shared|lib)(\.[^/]*)?(\/|$)/u;

it('no file or folder is named for nothing in particular', () => {
  expect(sourceFiles().filter((file) => BANNED.test(file))).toEqual([]);
});

it('file names are in kebab case', () => {
  const odd = sourceFiles().filter((file) => !/^[a-z0-9.-]+$/u.test(file.split('/').at(-1)!));
  expect(odd).toEqual([]);
});

it('tests sit beside the code they are about, or stand for a whole folder', () => {
  const files = new Set(sourceFiles());
  const lost = [...files].filter((file) => {
    if (!/^packages\/.*\.test\.ts$/u.test(file)) return false;
    const folder = file.slice(0, file.lastIndexOf('/'));
    return ![...files].some((other) => other.startsWith(`${folder}/`) && !other.endsWith('.test.ts'));
  });
  expect(lost).toEqual([]);
});

it('no source has a marker for work left undone', () => {
  const marker = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX'].join(''), 'u');
  expect(sourceFiles().filter((file) => marker.test(read(file)))).toEqual([]);
});
