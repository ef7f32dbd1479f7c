import { ExitCode } from './exit-code.js';
import { runCli } from './run-cli.js';

// `mm-check ... | head`: nobody reads any more, so it ends as other programs do. A full disk is no counterexample, which 1 would say.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.interrupted);
  console.error(`mm-check: standard output: expected to be writable, got ${error.code ?? error.message}`);
  process.exit(ExitCode.wrongUse);
});
// Progress that nobody can see is no reason to stop.
process.stderr.on('error', () => undefined);

// Commands that listen themselves end in their own time, and say what they have; the others have nothing to lose.
process.on('SIGINT', () => {
  if (process.listenerCount('SIGINT') === 1) process.exit(ExitCode.interrupted);
});

try {
  process.exitCode = await runCli(process.argv.slice(2));
} catch (error) {
  console.error(error);
  console.error('mm-check: this is a fault of mm-check itself, no counterexample');
  process.exitCode = ExitCode.fault;
}
