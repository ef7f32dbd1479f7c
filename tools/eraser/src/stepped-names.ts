import { type Module, type Node, childrenOf, isNode, nameOf, refuse } from './syntax.js';

/** Which names of a module mean what. */
export interface SteppedNames {
  /** Local names of the type `Steps`. */
  readonly steps: ReadonlySet<string>;
  /** Local names of `tryLock`. */
  readonly tryLock: ReadonlySet<string>;
  /** Local names of `raced`. */
  readonly raced: ReadonlySet<string>;
  /** Local names of the functions that make an access. */
  readonly accesses: ReadonlySet<string>;
  /** Functions known to return steps: declared so here, or called by a `yield*`. */
  readonly functions: ReadonlySet<string>;
}

const ACCESS_MAKERS = new Set([
  'read',
  'write',
  'rmw',
  'lock',
  'unlock',
  'tryLock',
  'compound',
  'cpuDown',
  'cpuUp',
]);
const IS_STEPS_FACE = /(?:^|\/)steps(?:\/stepped)?$/u;

/** Reads the imports and the functions of a module. */
export function findNames(module: Module): SteppedNames {
  const names = {
    steps: new Set(['Steps']),
    tryLock: new Set(['tryLock']),
    raced: new Set<string>(),
    accesses: new Set(ACCESS_MAKERS),
    functions: new Set<string>(),
  };
  for (const statement of module.program['body'] as Node[]) {
    if (statement.type !== 'ImportDeclaration') continue;
    const from = (statement['source'] as Node)['value'] as string;
    for (const specifier of statement['specifiers'] as Node[]) {
      if (specifier.type === 'ImportNamespaceSpecifier' && from.endsWith('/stepped'))
        refuse(module, specifier.start, 'a stepped face must be imported by names, not as a whole');
      const imported = nameOf(specifier['imported']);
      const local = nameOf(specifier['local']);
      if (!IS_STEPS_FACE.test(from) || imported === undefined || local === undefined) continue;
      if (imported === 'Steps') names.steps.add(local);
      if (imported === 'tryLock') names.tryLock.add(local);
      if (imported === 'raced') names.raced.add(local);
      if (ACCESS_MAKERS.has(imported)) names.accesses.add(local);
    }
  }
  findFunctions(module.program, names);
  return names;
}

function findFunctions(node: Node, names: { steps: Set<string>; functions: Set<string> }): void {
  if (node.type === 'FunctionDeclaration' && (node['generator'] === true || returnsSteps(node, names))) {
    const name = nameOf(node['id']);
    if (name !== undefined) names.functions.add(name);
  }
  if (node.type === 'VariableDeclarator' && isNode(node['init']) && /Function/u.test(node['init'].type)) {
    const name = nameOf(node['id']);
    const init = node['init'];
    if (name !== undefined && (init['generator'] === true || returnsSteps(init, names)))
      names.functions.add(name);
  }
  if (node.type === 'YieldExpression' && node['delegate'] === true && isNode(node['argument'])) {
    const callee = nameOf(node['argument']['callee']);
    if (callee !== undefined) names.functions.add(callee);
  }
  for (const child of childrenOf(node)) findFunctions(child, names);
}

/** Whether a function declares that it returns `Steps<T>`. */
export function returnsSteps(node: Node, names: { readonly steps: ReadonlySet<string> }): boolean {
  const type = (node['returnType'] as { typeAnnotation?: Node } | null | undefined)?.typeAnnotation;
  return type?.type === 'TSTypeReference' && names.steps.has(nameOf(type['typeName']) ?? '');
}
