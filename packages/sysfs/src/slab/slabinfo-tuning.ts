/** What a write to /proc/slabinfo asks for. */
export interface Tuning {
  readonly name: string;
  readonly limit: number;
  readonly batchcount: number;
  readonly shared: number;
}

/** A longer text is refused. @see linux 6.1 mm/slab.c MAX_SLABINFO_WRITE */
const TEXT_MAX = 128;

const TUNING = /^([^ \0]*) \s*(-?\d+)(?!\d)\s*(-?\d+)(?!\d)\s*(-?\d+)/u;

/**
 * Reads what was written to /proc/slabinfo: a name, one space, three numbers. What follows them is passed over. Null for
 * another text.
 */
export function parseTuning(text: string): Tuning | null {
  const match = text.length > TEXT_MAX ? null : TUNING.exec(text);
  if (match === null) return null;
  const number = (i: number): number => Number(BigInt.asIntN(32, BigInt(match[i]!)));
  return { name: match[1]!, limit: number(2), batchcount: number(3), shared: number(4) };
}
