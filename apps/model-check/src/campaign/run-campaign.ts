import type { CampaignIdentity, Checkpoint, CheckpointContent, LaneProgress } from './checkpoint.js';
import type { AnyJob, Attempt, Job, Lane, LaneEnd, LaneResult } from './job.js';
import { Ended, type Pool, Stalled, openPool } from './pool.js';
import { type Shard, unitOfShard, unitsOfShard } from './shard.js';

/** How a campaign is run on this machine. Nothing here changes what a unit comes to. */
export interface CampaignOptions {
  readonly workers: number;
  readonly shard: Shard;
  readonly checkpoint?: Checkpoint | undefined;
  /** What an earlier process has done. */
  readonly resumed?: CheckpointContent | null | undefined;
  /** Asked between units; true ends the campaign at once. */
  readonly stop?: (() => boolean) | undefined;
  /** A unit that takes longer has stalled, milliseconds. Default: none is looked at. */
  readonly limitMs?: number | undefined;
  /** A unit has ended. */
  readonly onUnit?: ((lane: Lane, amount: number, spentMs: number) => void) | undefined;
}

/** What says which campaign this is. */
export const identityOf = <O, R>(
  job: Job<O, R>,
  options: O,
  commit: string,
  shard: Shard,
): CampaignIdentity => ({ job: job.name, options, commit, shard });

/** How often threads at work are asked to stop, milliseconds. */
const STOP_CHECK_MS = 50;

/**
 * Runs a job, lane by lane, on as many threads as there are workers. Units are given out in order. What is counted is a
 * stretch from the first: when a unit ends the campaign, what was done beyond it is left out, so that results do not depend on
 * how many threads there are.
 */
export async function runCampaign<O, R>(
  job: Job<O, R>,
  options: O,
  campaign: CampaignOptions,
): Promise<LaneResult<R>[]> {
  const lanes = job.lanes(options);
  const progress = new Map<string, LaneProgress>();
  for (const { name } of lanes) {
    const saved = campaign.resumed?.lanes.get(name);
    progress.set(name, {
      done: saved?.done ?? 0,
      result: saved?.result ?? job.empty(options, name),
      ahead: new Map(saved?.ahead),
      spentMs: saved?.spentMs ?? 0,
    });
  }
  campaign.checkpoint?.rewrite(progress);
  const pool = openPool(job as unknown as AnyJob, options, campaign.workers, campaign.limitMs !== undefined);
  const results: LaneResult<R>[] = [];
  try {
    for (const lane of lanes) {
      const ended = results.some(({ end }) => end === 'found' || end === 'interrupted');
      const run = new LaneRun(job, options, lane, campaign, progress, pool);
      results.push(ended ? run.result('not begun') : run.result(await run.run()));
    }
  } finally {
    await pool.close();
  }
  return results;
}

class LaneRun<O, R> {
  readonly #job: Job<O, R>;
  readonly #options: O;
  readonly #lane: Lane;
  readonly #campaign: CampaignOptions;
  readonly #all: ReadonlyMap<string, LaneProgress>;
  readonly #progress: LaneProgress;
  readonly #pool: Pool;
  readonly #spentBefore: number;
  readonly #began = Date.now();
  /** The first unit that ends the campaign, or Infinity. */
  #last = Infinity;

  constructor(
    job: Job<O, R>,
    options: O,
    lane: Lane,
    campaign: CampaignOptions,
    all: ReadonlyMap<string, LaneProgress>,
    pool: Pool,
  ) {
    this.#job = job;
    this.#options = options;
    this.#lane = lane;
    this.#campaign = campaign;
    this.#all = all;
    this.#progress = all.get(lane.name)!;
    this.#pool = pool;
    this.#spentBefore = this.#progress.spentMs;
    if (this.#progress.done > 0 && job.ends(options, this.#progress.result as R))
      this.#last = this.#progress.done - 1;
    for (const [k, result] of this.#progress.ahead)
      if (job.ends(options, result as R)) this.#last = Math.min(this.#last, k);
    this.#fold();
  }

  async run(): Promise<LaneEnd> {
    const units = unitsOfShard(this.#campaign.shard, this.#lane.units);
    let interrupted = false;
    let next = this.#progress.done;
    const lead = async (): Promise<void> => {
      for (;;) {
        while (this.#progress.ahead.has(next)) next++;
        if (
          interrupted ||
          next >= Math.min(units, this.#last + 1) ||
          this.#spent() >= this.#lane.milliseconds
        )
          return;
        if (this.#campaign.stop?.() === true) {
          interrupted = true;
          return;
        }
        const k = next++;
        try {
          this.#note(k, await this.#unit(unitOfShard(this.#campaign.shard, k)));
        } catch (error) {
          if (error instanceof Ended && interrupted) return;
          throw error;
        }
      }
    };
    // Threads cannot see a signal: they are ended with what they are doing.
    const watch = setInterval(() => {
      if (interrupted || this.#campaign.stop?.() !== true) return;
      interrupted = true;
      void this.#pool.close();
    }, STOP_CHECK_MS);
    try {
      await Promise.all(Array.from({ length: this.#pool.width }, lead));
    } finally {
      clearInterval(watch);
    }
    if (this.#last < Infinity && this.#progress.done > this.#last) return 'found';
    if (interrupted) return 'interrupted';
    return this.#progress.done >= units ? 'complete' : 'time';
  }

  async #unit(unit: number): Promise<R> {
    const { limitMs } = this.#campaign;
    try {
      return (await this.#pool.run(this.#lane.name, unit, limitMs)) as R;
    } catch (error) {
      if (!(error instanceof Stalled) || limitMs === undefined || this.#job.stalled === undefined)
        throw error;
      const lane = this.#lane.name;
      const attempt = (options: O, most: number): Promise<Attempt<R>> => this.#attempt(options, most);
      return this.#job.stalled(this.#options, { lane, unit, limitMs, part: error.part, attempt });
    }
  }

  /** Unit 0 under other options, in a thread of its own. */
  async #attempt(options: O, limitMs: number): Promise<Attempt<R>> {
    const pool = openPool(this.#job as unknown as AnyJob, options, 1, true);
    try {
      return { result: (await pool.run(this.#lane.name, 0, limitMs)) as R };
    } catch (error) {
      if (error instanceof Stalled) return { endlessPart: error.part };
      throw error;
    } finally {
      await pool.close();
    }
  }

  result(end: LaneEnd): LaneResult<R> {
    const { done, result } = this.#progress;
    return {
      name: this.#lane.name,
      end,
      units: done,
      spentMs: Math.round(this.#spent()),
      result: result as R,
    };
  }

  #spent(): number {
    return this.#spentBefore + Date.now() - this.#began;
  }

  #note(k: number, result: R): void {
    const spentMs = Math.round(this.#spent());
    this.#progress.spentMs = spentMs;
    this.#progress.ahead.set(k, result);
    if (this.#job.ends(this.#options, result)) this.#last = Math.min(this.#last, k);
    this.#fold();
    this.#campaign.checkpoint?.add(this.#lane.name, k, spentMs, result, this.#all);
    this.#campaign.onUnit?.(this.#lane, this.#job.amount(result), spentMs);
  }

  /** Merges the units that follow on what is done without a gap. */
  #fold(): void {
    const { ahead } = this.#progress;
    while (this.#progress.done <= this.#last && ahead.has(this.#progress.done)) {
      const unit = ahead.get(this.#progress.done) as R;
      ahead.delete(this.#progress.done);
      this.#progress.result = this.#job.merge(
        this.#options,
        this.#lane.name,
        this.#progress.result as R,
        unit,
      );
      this.#progress.done++;
    }
  }
}
