import { ExitCode } from './exit-code.js';
import { runCli } from './run-cli.js';

try {
  process.exitCode = await runCli(process.argv.slice(2));
} catch (error) {
  console.error(error);
  console.error('mm-check: this is a fault of mm-check itself, no counterexample');
  process.exitCode = ExitCode.fault;
}
