import { checkArray, checkFunction, checkText } from '@mm/printk';

/** What a part of the kernel does with a parameter that begins with `name`, which may end in `=`; it gets what follows. */
export type BootSetup = readonly [name: string, setup: (rest: string) => void];

/** As the kernel's isspace() has it, of ASCII. */
const isSpace = (character: string): boolean => character === ' ' || (character >= '\t' && character <= '\r');

/** Parameters may be spelled with dashes. @see linux 6.1 kernel/params.c parameqn */
const underscored = (text: string): string => text.replaceAll('-', '_');

/**
 * Reads a kernel command line as the boot does, and gives each parameter to the first setup whose name it begins with. Nothing
 * in a command line is wrong: parameters that nobody knows are passed over.
 *
 * - Parameters stand between spaces; `"` lets a space be part of one, and goes when the parameter or its value begins with it.
 * - A name is a beginning: `slab_nomerge=0` and `slab_nomergers` say `slab_nomerge`. Dashes in it are underscores.
 * - What follows a `--` is for init.
 *
 * @throws OptionError for a command line that is no text, and for setups that are none.
 * @example
 * bootParams('quiet slab-max-order=2', [['slab_max_order=', (rest) => console.log(rest)]]); // prints 2
 * @see linux 6.1 kernel/params.c parse_args, lib/cmdline.c next_arg, init/main.c obsolete_checksetup
 */
export function bootParams(cmdline: string, setups: readonly BootSetup[]): void {
  checkText('cmdline', cmdline);
  for (const entry of checkArray('setups', setups, 'names with functions')) {
    const [name, setup] = checkArray('setups', entry, 'a name and a function') as BootSetup;
    checkText('setups', name);
    checkFunction('setups', setup);
  }
  // A C string ends at its first NUL.
  const [text = ''] = cmdline.split('\0', 1);
  for (let at = spacesFrom(text, 0); at < text.length;) {
    const end = endOfParam(text, at);
    const param = unquoted(text.slice(at, end));
    if (param === '--') return;
    for (const [name, setup] of setups) {
      if (underscored(param.slice(0, name.length)) !== underscored(name)) continue;
      setup(param.slice(name.length));
      break;
    }
    at = spacesFrom(text, end);
  }
}

function spacesFrom(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text[at]!)) at++;
  return at;
}

function endOfParam(text: string, from: number): number {
  let inQuotes = false;
  let at = from;
  for (; at < text.length && (inQuotes || !isSpace(text[at]!)); at++)
    if (text[at] === '"') inQuotes = !inQuotes;
  return at;
}

/** Quotes around the whole or around the value go; others stay. */
function unquoted(param: string): string {
  const whole = param.startsWith('"');
  let text = whole ? param.slice(1) : param;
  // A leading equals sign is a part of the name.
  const value = text.indexOf('=', 1) + 1;
  const ofValue = value > 0 && text[value] === '"';
  if ((whole || ofValue) && text.endsWith('"')) text = text.slice(0, -1);
  return ofValue ? text.slice(0, value) + text.slice(value + 1) : text;
}
