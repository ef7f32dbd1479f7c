import { OptionError } from '@mm/printk';
import type { Command } from 'commander';

import { type CampaignIdentity, openCheckpoint } from './campaign/checkpoint.js';
import type { AnyJob, Job, LaneResult } from './campaign/job.js';
import { identityOf, runCampaign } from './campaign/run-campaign.js';
import { WHOLE, parseShard } from './campaign/shard.js';
import { commitOfCode } from './commit.js';
import type { Interrupt } from './interrupt.js';
import { outputOptions, workersOption } from './options.js';
import { Progress } from './progress.js';

/** Options of every command that is a campaign. */
export interface CampaignFlags {
  readonly workers?: string;
  readonly shard?: string;
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly json?: string;
  readonly junit?: string;
}

/** What campaigns have in common in their help. */
export const CAMPAIGN_HELP = `
Campaigns: what is found and counted depends on seeds and options alone, not on --workers. With --shard i/n each of n
machines does its part of the very same command; mm-check merge puts their reports together. With --checkpoint, a
process that was killed goes on where it was when the same command is given again with --resume.`;

/** Adds the options of a campaign to a command. */
export const addCampaignFlags = (command: Command): Command =>
  command
    .option('--workers <n>', 'threads (default: as many as there are cores)')
    .option('--shard <i/n>', 'do the i-th of n parts')
    .option('--checkpoint <file>', 'note each part of the work that is done in this file')
    .option('--resume', 'go on from the checkpoint, if there is one')
    .option('--json <file>', 'write the result as JSON')
    .option('--junit <file>', 'write the result as JUnit XML');

/** Checked options of a campaign. */
export interface Campaign extends Omit<CampaignFlags, 'workers' | 'shard'> {
  readonly workers: number;
  readonly shard: { readonly index: number; readonly of: number };
}

/** Checks the options of a campaign, and that no other file that is written is one of its own. @throws OptionError */
export function campaignOf(flags: CampaignFlags, files: Parameters<typeof outputOptions>[0] = {}): Campaign {
  if (flags.resume === true && flags.checkpoint === undefined)
    throw new OptionError('--resume', '--checkpoint with it, the file to go on from', true);
  const { checkpoint, json, junit } = flags;
  outputOptions({ '--checkpoint': checkpoint, '--json': json, '--junit': junit, ...files });
  return {
    ...flags,
    workers: workersOption(flags.workers),
    shard: flags.shard === undefined ? WHOLE : parseShard(flags.shard),
  };
}

/**
 * Runs a job as a campaign, with a progress line. Nothing is written before a checkpoint to be resumed has been read and checked.
 * @param limitMs a unit that takes longer has stalled.
 * @throws OptionError when the checkpoint is not that of this campaign.
 */
export async function runAsCampaign<O, R>(
  job: Job<O, R>,
  options: O,
  campaign: Campaign,
  interrupt: Interrupt,
  limitMs?: number,
): Promise<{ readonly identity: CampaignIdentity; readonly lanes: LaneResult<R>[] }> {
  const identity = identityOf(job, options, commitOfCode(), campaign.shard);
  const opened =
    campaign.checkpoint === undefined
      ? undefined
      : openCheckpoint(campaign.checkpoint, identity, campaign.resume === true, job as unknown as AnyJob);
  const progress = new Progress(job.unitOfAmount, 0);
  try {
    const lanes = await runCampaign(job, options, {
      workers: campaign.workers,
      shard: campaign.shard,
      checkpoint: opened?.checkpoint,
      resumed: opened?.content,
      stop: () => interrupt.requested,
      limitMs,
      onUnit: (lane, amount, spentMs) => {
        const of = Number.isFinite(lane.milliseconds) ? ` of ${Math.round(lane.milliseconds / 1000)}` : '';
        progress.advance(`${job.name} ${lane.name}, ${Math.round(spentMs / 1000)}${of} s`, amount);
      },
    });
    return { identity, lanes };
  } finally {
    progress.end();
  }
}
