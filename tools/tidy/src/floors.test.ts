import { expect, it } from 'vitest';

import { FLOORS, manifestOf, read, rooms, sourceFiles } from './house.js';

const floorOf = (name: string): number => FLOORS.findIndex((floor) => floor.includes(name));

const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/(?:from|import)\s*\(?\s*'(@(?:mm|iommu)\/[a-z0-9-]+)/gu)].map(
    (match) => match[1]!,
  );

it('every room has a floor', () => {
  expect(
    rooms()
      .map((room) => manifestOf(room).name)
      .filter((name) => floorOf(name) === -1),
  ).toEqual([]);
});

it('each floor imports only lower floors', () => {
  const climbing = rooms().flatMap((room) => {
    const { name } = manifestOf(room);
    return sourceFiles()
      .filter((file) => file.startsWith(`${room}/src/`) && !file.endsWith('.test.ts'))
      .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
      .filter(({ target }) => target !== name && floorOf(target) >= floorOf(name))
      .map(({ file, target }) => `${file} imports ${target}`);
  });
  expect(climbing).toEqual([]);
});

it('tests need nothing above their own floor', () => {
  const climbing = rooms().flatMap((room) => {
    const { name } = manifestOf(room);
    return sourceFiles()
      .filter((file) => file.startsWith(`${room}/src/`) && file.endsWith('.test.ts'))
      .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
      .filter(({ target }) => floorOf(target) > floorOf(name))
      .map(({ file, target }) => `${file} imports ${target}`);
  });
  expect(climbing).toEqual([]);
});

it('the core packages depend on nothing but each other', () => {
  const core = FLOORS.slice(0, FLOORS.findIndex((floor) => floor.includes('@mm/machine')) + 1).flat();
  const foreign = rooms()
    .map(manifestOf)
    .filter(({ name }) => core.includes(name))
    .flatMap(({ name, dependencies = {} }) =>
      Object.keys(dependencies)
        .filter((dependency) => !core.includes(dependency))
        .map((dependency) => `${name} needs ${dependency}`),
    );
  expect(foreign).toEqual([]);
});
