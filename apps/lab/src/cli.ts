import { runCli } from './run-cli.js';

// `mm-lab ... | head`: nobody reads any more, so it ends as other programs do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(130);
});

process.exitCode = runCli(process.argv.slice(2));
