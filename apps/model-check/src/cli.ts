import { ExitCode } from './exit-code.js';
import { runCli } from './run-cli.js';

// `mm-check ... | head`: nobody reads any more, so it ends as other programs do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(ExitCode.interrupted);
});

try {
  process.exitCode = await runCli(process.argv.slice(2));
} catch (error) {
  console.error(error);
  console.error('mm-check: this is a fault of mm-check itself, no counterexample');
  process.exitCode = ExitCode.fault;
}
