import { existsSync } from 'node:fs';

import { OptionError } from '@mm/printk';

import { checked } from '../checked.js';
import { readText } from '../read-json.js';
import { appendOutput, replaceOutput } from '../write-output.js';
import type { AnyJob, LaneResult } from './job.js';
import type { Shard } from './shard.js';

/** The version of what is written. */
export const CHECKPOINT_FORMAT = 'mm-checkpoint/1';

/** What a campaign is: only the same one goes on from a checkpoint, and only parts of the same one are merged. */
export interface CampaignIdentity {
  readonly job: string;
  readonly options: unknown;
  readonly commit: string;
  readonly shard: Shard;
}

/** What is done of a lane: the first `done` units of the shard, merged, and some after them. */
export interface LaneProgress {
  done: number;
  result: unknown;
  /** Units beyond, by number within the shard. */
  readonly ahead: Map<number, unknown>;
  /** Milliseconds spent so far. */
  spentMs: number;
}

interface Line {
  readonly lane: string;
  readonly k: number;
  readonly spentMs: number;
  readonly result: unknown;
}

interface Compacted {
  readonly lane: string;
  readonly done: number;
  readonly spentMs: number;
  readonly result: unknown;
}

/** Lines after which a file is written anew with what is done merged. */
const COMPACT_LINES = 2000;

/**
 * A file of JSON lines: what the campaign is, then a line for each unit that is done. A line is written with one call when its
 * unit ends, so that a killed process loses nothing that had ended; a last line that is cut short is left out on reading.
 */
export class Checkpoint {
  readonly #file: string;
  readonly #identity: CampaignIdentity;
  #lines = 0;

  constructor(file: string, identity: CampaignIdentity) {
    this.#file = file;
    this.#identity = identity;
  }

  /** Starts the file over with what is done so far. The old one stands until the new one is whole. */
  rewrite(lanes: ReadonlyMap<string, LaneProgress>): void {
    const lines = [JSON.stringify({ format: CHECKPOINT_FORMAT, ...this.#identity })];
    for (const [lane, { done, result, ahead, spentMs }] of lanes) {
      lines.push(JSON.stringify({ lane, done, spentMs, result } satisfies Compacted));
      for (const [k, unit] of ahead)
        lines.push(JSON.stringify({ lane, k, spentMs, result: unit } satisfies Line));
    }
    replaceOutput(this.#file, `${lines.join('\n')}\n`);
    this.#lines = 0;
  }

  /** Notes a unit that has ended. */
  add(
    lane: string,
    k: number,
    spentMs: number,
    result: unknown,
    lanes: ReadonlyMap<string, LaneProgress>,
  ): void {
    if (++this.#lines >= COMPACT_LINES) return this.rewrite(lanes);
    appendOutput(this.#file, `${JSON.stringify({ lane, k, spentMs, result } satisfies Line)}\n`);
  }
}

/** A checkpoint that has been read: what campaign, and each lane's units by number within the shard. */
export interface CheckpointContent {
  readonly identity: CampaignIdentity;
  readonly lanes: ReadonlyMap<string, Omit<LaneProgress, 'result'> & { readonly result: unknown }>;
}

/**
 * Reads a checkpoint.
 * @throws OptionError naming the file, the line and what is wrong with it.
 */
export function readCheckpoint(file: string, text: string): CheckpointContent {
  const lines = text.split('\n');
  // What stands after the last line end was being written when the process was killed.
  lines.pop();
  const head = parseLine(file, 1, lines[0] ?? '');
  if (head['format'] !== CHECKPOINT_FORMAT)
    throw new OptionError(`${file} line 1: format`, CHECKPOINT_FORMAT, head['format']);
  const lanes = new Map<string, LaneProgress>();
  for (const [i, line] of lines.entries()) {
    if (i === 0) continue;
    const value = parseLine(file, i + 1, line);
    const { lane, spentMs, result } = value as unknown as Line;
    const number = value['k'] ?? value['done'];
    if (typeof lane !== 'string') throw new OptionError(`${file} line ${i + 1}: lane`, 'a name', lane);
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0)
      throw new OptionError(`${file} line ${i + 1}: k`, 'a unit number', number);
    if (typeof spentMs !== 'number' || !(spentMs >= 0))
      throw new OptionError(`${file} line ${i + 1}: spentMs`, 'milliseconds', spentMs);
    if (typeof result !== 'object')
      throw new OptionError(`${file} line ${i + 1}: result`, 'an object', result);
    if ('done' in value) lanes.set(lane, { done: number, spentMs, result, ahead: new Map() });
    else {
      const progress = lanes.get(lane) ?? {
        done: 0,
        spentMs,
        result: null,
        ahead: new Map<number, unknown>(),
      };
      lanes.set(lane, progress);
      progress.ahead.set(number, result);
      progress.spentMs = Math.max(progress.spentMs, spentMs);
    }
  }
  const { job, options, commit, shard } = head as unknown as CampaignIdentity;
  if (typeof job !== 'string') throw new OptionError(`${file} line 1: job`, 'a name', job);
  if (typeof commit !== 'string') throw new OptionError(`${file} line 1: commit`, 'a commit', commit);
  if (typeof shard !== 'object' || !(shard?.index >= 1) || !(shard?.of >= shard.index))
    throw new OptionError(`${file} line 1: shard`, 'index and of', shard);
  return { identity: { job, options, commit, shard }, lanes };
}

function parseLine(file: string, number: number, line: string): Record<string, unknown> {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new OptionError(`${file} line ${number}`, 'a JSON object', line);
}

/**
 * Opens the checkpoint of a campaign.
 *
 * @param resume go on from the file if there is one; otherwise one that exists is not overwritten.
 * @throws OptionError when the file belongs to another campaign, or exists and is not to be resumed.
 */
export function openCheckpoint(
  file: string,
  identity: CampaignIdentity,
  resume: boolean,
  job: AnyJob,
): { readonly checkpoint: Checkpoint; readonly content: CheckpointContent | null } {
  const checkpoint = new Checkpoint(file, identity);
  if (!existsSync(file)) return { checkpoint, content: null };
  if (!resume)
    throw new OptionError('--checkpoint', 'a file that is not there yet, or --resume to go on from it', file);
  const content = readCheckpoint(file, readText(file));
  for (const field of ['job', 'commit', 'shard', 'options'] as const) {
    const [mine, its] = [JSON.stringify(identity[field]), JSON.stringify(content.identity[field])];
    if (mine !== its) throw new OptionError(`${file}: ${field}`, `that of this campaign, ${mine}`, its);
  }
  checkpointLanes(file, job, identity.options, content.lanes);
  return { checkpoint, content };
}

/**
 * The lanes of a checkpoint as those of a campaign that was interrupted: what follows from the first unit without a gap.
 * @throws OptionError naming the lane whose result is none of the job.
 */
export function checkpointLanes(
  file: string,
  job: AnyJob,
  options: unknown,
  lanes: CheckpointContent['lanes'],
): LaneResult<unknown>[] {
  return [...lanes].map(([name, { done, result: saved, ahead, spentMs }]) => {
    for (const [k, unit] of ahead) checked(job.schema, unit, `${file}: ${name}, unit ${k}`);
    let result = done === 0 ? job.empty(options, name) : checked(job.schema, saved, `${file}: ${name}`);
    let units = done;
    for (; ahead.has(units); units++) result = job.merge(options, name, result, ahead.get(units));
    return { name, end: 'interrupted', units, spentMs, result };
  });
}
