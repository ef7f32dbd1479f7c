import { existsSync, readdirSync, writeFileSync } from 'node:fs';

import type { V7sBehaviour } from '@iommu/v7s-pgtable';
import { SERIES, type Series } from '@mm/machine';
import type { WorldOptions } from '@mm/model';
import { OptionError } from '@mm/printk';
import { PRESET_NAMES, type PresetName } from '@mm/zones';
import Table from 'cli-table3';
import type { Command } from 'commander';

import { SUBSYSTEMS, readCounterexample, saveCounterexample, subsystemOf } from './counterexample.js';
import { ExitCode } from './exit-code.js';
import { writeJunit } from './junit.js';
import { onInterrupt } from './interrupt.js';
import { Progress } from './progress.js';
import { playAgain, programText } from './replay-command.js';
import { type SearchResult, searchAll, searchOnce } from './run-system.js';

const BEHAVIOURS: readonly V7sBehaviour[] = ['corrected', 'linux-6.1'];

/** Where counterexamples are kept, below the working directory. */
const FOLDER = '.mm-check';

interface RunFlags {
  readonly system: string;
  readonly seed: string;
  readonly runs: string;
  readonly commands: string;
  readonly time: string;
  readonly cpus: string;
  readonly preset?: string;
  readonly series: string;
  readonly json?: string;
  readonly junit?: string;
  readonly behaviour: string;
  readonly all?: boolean;
}

function integer(text: string, field: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/u.test(text) || value < min || value > max)
    throw new OptionError(field, `an integer of ${min} to ${max}`, text);
  return value;
}

function milliseconds(text: string): number {
  const match = /^(\d{1,6})(ms|s|m|h)$/u.exec(text);
  if (match === null) throw new OptionError('--time', 'a time like 500ms, 30s, 5m or 1h', text);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h'];
}

function choice<T extends string>(text: string, field: string, known: readonly T[]): T {
  if (!known.includes(text as T)) throw new OptionError(field, `one of ${known.join(', ')}`, text);
  return text as T;
}

/** Adds `mm-check run`. */
export function addRunCommand(program: Command, exit: (code: ExitCode) => void): void {
  program
    .command('run')
    .description('random programs against reference models, in sequence and interleaved at every step')
    .option('--system <names>', 'what to check, separated by commas', [...SUBSYSTEMS.keys()].join(','))
    .option('--seed <n>', 'seed of the first run; the next runs count on', '1')
    .option('--runs <n>', 'runs at most, for each system', '1000000')
    .option('--commands <n>', 'commands of a run', '1000')
    .option('--time <time>', 'time at most, for each system', '10s')
    .option('--cpus <n>', 'simulated CPUs', '3')
    .option('--preset <name>', `the machine: ${PRESET_NAMES.join(', ')}`)
    .option(
      '--series <name>',
      `state of the patch series: ${SERIES.join(', ')} (zones and buddy do the same in all)`,
      'merged',
    )
    .option('--behaviour <name>', `of the page table: ${BEHAVIOURS.join(', ')}`, 'corrected')
    .option('--all', 'go on after a failure, for the whole time, and list the distinct ones')
    .option('--json <file>', 'write the result as JSON')
    .option('--junit <file>', 'write the result as JUnit XML')
    .addHelpText('after', RUN_HELP)
    .action(async (flags: RunFlags) => exit(await run(flags)));
}

const RUN_HELP = `
Every other run is interleaved. Model and local invariants are held after every command of a sequence and after every
round of 64 interleaved commands; whole structures every 512 or 1024 commands and at the end. Counterexamples are
saved in ${FOLDER}/ and are played again before new ones are sought.

Examples:
  mm-check run --time 30s
  mm-check run --system buddy --preset arm64-2018 --cpus 4 --seed 7`;

async function run(flags: RunFlags): Promise<ExitCode> {
  const systems = flags.system.split(',').map((name) => subsystemOf(name.trim()));
  const seed = integer(flags.seed, '--seed', 0, 2 ** 31 - 1);
  const cpus = integer(flags.cpus, '--cpus', 1, 64);
  const series: Series = choice(flags.series, '--series', SERIES);
  const preset: { preset?: PresetName } =
    flags.preset === undefined ? {} : { preset: choice(flags.preset, '--preset', PRESET_NAMES) };
  const options = {
    seed,
    runs: integer(flags.runs, '--runs', 1, 2 ** 31 - 1),
    commands: integer(flags.commands, '--commands', 1, 1_000_000),
    milliseconds: milliseconds(flags.time),
    world: { cpus, series, behaviour: choice(flags.behaviour, '--behaviour', BEHAVIOURS), ...preset },
  };
  if (
    flags.all !== true &&
    !playSaved(
      systems.map(({ name }) => name),
      options.world,
    )
  )
    return ExitCode.counterexample;
  const interrupt = onInterrupt();
  const progress = new Progress('commands', 0);
  const results: Array<[string, SearchResult]> = [];
  for (const system of systems) {
    const stop = (): boolean => interrupt.requested;
    const onRun = (commands: number): void => progress.advance(`run ${system.name}`, commands);
    const search = flags.all === true ? searchAll : searchOnce;
    const found = search(system, options, stop, onRun);
    for (const result of found) results.push([system.name, result]);
    await new Promise((resolve) => setImmediate(resolve));
    if ((flags.all !== true && found[0]!.found !== null) || interrupt.requested) break;
  }
  progress.end();
  interrupt.release();
  let saved = 0;
  for (const [name, { found }] of results) {
    if (found === null) continue;
    const file = `${FOLDER}/${name}-${found.scheduleSeed ?? seed}-${found.program.length}-${++saved}.json`;
    saveCounterexample(file, found);
    console.log(`reproduce: mm-check replay ${file}\n${found.failure}\n${programText(found)}`);
    if (flags.all !== true) console.log(playAgain(found).trace);
  }
  if (flags.junit !== undefined) writeJunit(flags.junit, results);
  if (flags.json !== undefined)
    writeFileSync(
      flags.json,
      `${JSON.stringify({ schemaVersion: 1, options, results: Object.fromEntries(results) }, null, 1)}\n`,
    );
  printTable(results);
  if (results.some(([, { found }]) => found !== null)) return ExitCode.counterexample;
  if (interrupt.requested) return ExitCode.interrupted;
  console.log(`holds: seed ${seed}, ${cpus} CPUs`);
  return ExitCode.holds;
}

/** Plays what earlier runs found. False when one still fails. */
function playSaved(systems: readonly string[], world: WorldOptions): boolean {
  if (!existsSync(FOLDER)) return true;
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
    const path = `${FOLDER}/${file}`;
    const saved = readCounterexample(path);
    // What failed under other options may well fail there for ever.
    if (!systems.includes(saved.system) || JSON.stringify(saved.options) !== JSON.stringify(world)) continue;
    const { failure } = playAgain(saved);
    if (failure === null) continue;
    console.log(`reproduce: mm-check replay ${path}\nsaved counterexample still fails: ${failure}`);
    return false;
  }
  return true;
}

function printTable(results: ReadonlyArray<readonly [string, SearchResult]>): void {
  const table = new Table({
    head: ['system', 'runs', 'commands', 'transitions', 'checks', 'commands/s', 'verdict'],
    style: { head: [], border: [] },
  });
  for (const [name, { counts, milliseconds: spent, found }] of results)
    table.push([
      name,
      counts.runs,
      counts.commands,
      counts.transitions,
      counts.checks,
      Math.round((counts.commands * 1000) / Math.max(1, spent)),
      found === null ? 'holds' : 'FAILS',
    ]);
  console.log(table.toString());
  for (const [name, { counts }] of results) {
    console.log(
      `${name}: ${counts.byCommand.map(({ name: command, chosen, ran }) => `${command} ${ran} of ${chosen}`).join(', ')}`,
    );
    const never = counts.byCommand.filter(({ ran }) => ran === 0).map((command) => command.name);
    if (never.length > 0) console.log(`${name}: never enabled: ${never.join(', ')}`);
  }
}
