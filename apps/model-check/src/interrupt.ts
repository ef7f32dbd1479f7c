/** A Ctrl-C that is noted and acted upon at a good moment. */
export interface Interrupt {
  /** True once SIGINT or SIGTERM has come. */
  readonly requested: boolean;
  /** Stops listening. */
  release(): void;
}

/** Listens for SIGINT and SIGTERM. A second SIGINT ends the process at once, with 130. */
export function onInterrupt(): Interrupt {
  const state = { requested: false };
  const note = (): void => {
    if (state.requested) process.exit(130);
    state.requested = true;
  };
  process.on('SIGINT', note);
  process.on('SIGTERM', note);
  return {
    get requested() {
      return state.requested;
    },
    release() {
      process.off('SIGINT', note);
      process.off('SIGTERM', note);
    },
  };
}
