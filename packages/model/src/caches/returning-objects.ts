import type { CacheWorld, OpenUser } from './cache-world.js';

/** Whether an object of the user may be freed now: what one left behind is not touched while its cache is given up. */
export function startsFreeing({ users, partings }: CacheWorld, user: OpenUser): boolean {
  if (!users.includes(user)) return partings.startsReturn(user.cache);
  user.inFlight++;
  return true;
}

/** It is freed. */
export function endsFreeing({ users, partings }: CacheWorld, user: OpenUser): void {
  if (users.includes(user)) user.inFlight--;
  else partings.endsReturn(user.cache);
}
