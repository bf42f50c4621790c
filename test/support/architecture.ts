import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { parseSync } from '@swc/core';

export interface SourceFile {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export interface Breach {
  readonly path: string;
  readonly rule: string;
  readonly detail: string;
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

type Node = { readonly type: string; readonly [field: string]: unknown };

export const ROOMS = ['infra', 'stacks', 'charts', 'operator', 'app'] as const;

interface Rule {
  /** The longest prefix of a file's path decides which rule is its. */
  readonly room: string;
  readonly mayImport: readonly string[];
  readonly packages: 'any' | readonly RegExp[];
}

const CDK8S = /^(cdk8s|cdk8s-plus-28)$/;
const CDKTF = /^(cdktf|@cdktf\/provider-(aws|google|azurerm)\/lib\/[^/]+\/index\.js)$/;

/** The import rule: data flows one way, and whoever reads a file knows what it can touch. */
export const RULES: readonly Rule[] = [
  { room: 'charts/manifests', mayImport: ['charts/manifests'], packages: [/^kubernetes-types(\/|$)/] },
  { room: 'infra', mayImport: ['infra'], packages: [CDKTF, /^constructs$/] },
  { room: 'stacks', mayImport: ['stacks', 'infra'], packages: [CDKTF, /^constructs$/, /^node:/] },
  { room: 'charts', mayImport: ['charts', 'stacks/outputs'], packages: [CDK8S, /^constructs$/, /^yaml$/, /^node:/] },
  { room: 'operator/cli', mayImport: ['operator', 'charts/manifests', 'app', 'stacks/outputs'], packages: 'any' },
  { room: 'operator', mayImport: ['operator', 'charts/manifests'], packages: 'any' },
  { room: 'app', mayImport: ['app'], packages: 'any' },
];

const ONLY_IN: readonly { readonly packages: RegExp; readonly rooms: readonly string[] }[] = [
  { packages: /^(cdktf$|@cdktf\/)/, rooms: ['infra', 'stacks'] },
  { packages: CDK8S, rooms: ['charts'] },
];

const inside = (path: string, folder: string): boolean => path === `${folder}.ts` || path.startsWith(`${folder}/`);

function ruleOf(path: string): Rule | undefined {
  return RULES.find((rule) => inside(path, rule.room));
}

export function importBreaches(file: SourceFile): readonly Breach[] {
  const rule = ruleOf(file.path);
  if (rule === undefined) return [];
  return importsOf(file).flatMap(({ from, typeOnly }) => {
    const breach = (detail: string): Breach => ({ path: file.path, rule: 'import', detail });
    if (from.startsWith('.')) {
      const target = normalize(join(dirname(file.path), from)).replace(/\.js$/, '.ts');
      const allowed = rule.mayImport.some((folder) => inside(target, folder));
      return allowed ? [] : [breach(`${rule.room} may not import ${target}`)];
    }
    const elsewhere = ONLY_IN.find(
      (only) => only.packages.test(from) && !only.rooms.some((room) => inside(file.path, room)),
    );
    if (elsewhere !== undefined) return [breach(`${from} is imported only in ${elsewhere.rooms.join(', ')}`)];
    if (rule.packages === 'any' || rule.packages.some((pattern) => pattern.test(from))) {
      return rule.room === 'charts/manifests' && !typeOnly
        ? [breach(`${from} may be imported for its types only`)]
        : [];
    }
    return [breach(`${rule.room} may not import ${from}`)];
  });
}

/** Each circle of files once, as the path that leads back to its start: of two files in one, neither can be read alone. */
export function importCircles(files: readonly SourceFile[]): readonly string[] {
  const imports = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (path: string, trail: readonly string[]): void => {
    const back = trail.indexOf(path);
    if (back >= 0) circles.push([...trail.slice(back), path].join(' → '));
    if (back >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) follow(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) follow(path, []);
  return circles;
}

const targetsOf = (file: SourceFile): readonly string[] =>
  importsOf(file).flatMap(({ from }) =>
    from.startsWith('.') ? [normalize(join(dirname(file.path), from)).replace(/\.js$/, '.ts')] : [],
  );

function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = [];
  walk(parse(file), (node) => {
    if (['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration'].includes(node.type)) {
      const source = node.source as { readonly value: string } | null | undefined;
      if (source) found.push({ from: source.value, typeOnly: node.typeOnly === true });
    }
    if (node.type === 'CallExpression' && (node.callee as Node).type === 'Import') {
      const [argument] = node.arguments as readonly { readonly expression: Node }[];
      found.push({ from: String(argument?.expression.value ?? 'a computed path'), typeOnly: false });
    }
  });
  return found;
}

/** What makes a builder's output depend on something else than its options. */
const IMPURE_GLOBALS = new Set([
  'Date',
  'process',
  'globalThis',
  'global',
  'performance',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'require',
]);
const IMPURE_MEMBERS = new Set(['Math.random', 'Intl.DateTimeFormat']);

/** Builders are pure: no client, clock, environment or randomness. */
export function purityBreaches(file: SourceFile): readonly Breach[] {
  if (!inside(file.path, 'charts/manifests')) return [];
  const found: Breach[] = [];
  walk(parse(file), (node) => {
    const name = impureName(node);
    if (name !== undefined) found.push({ path: file.path, rule: 'purity', detail: `uses ${name}` });
  });
  return found;
}

function impureName(node: Node): string | undefined {
  if (node.type === 'Identifier' && IMPURE_GLOBALS.has(String(node.value))) return String(node.value);
  if (node.type !== 'MemberExpression') return undefined;
  const name = memberName(node);
  return name !== undefined && IMPURE_MEMBERS.has(name) ? name : undefined;
}

/** Settings come in at one place of each part: its `config.ts`. */
export function environmentBreaches(file: SourceFile): readonly Breach[] {
  if (file.path.endsWith('/config.ts')) return [];
  const found: Breach[] = [];
  walk(parse(file), (node) => {
    if (node.type === 'MemberExpression' && memberName(node) === 'process.env') {
      found.push({ path: file.path, rule: 'environment', detail: 'reads process.env outside a config.ts' });
    }
  });
  return found;
}

function memberName(node: Node): string | undefined {
  const object = node.object as Node;
  const property = node.property as Node;
  if (object.type !== 'Identifier' || property.type !== 'Identifier') return undefined;
  return `${String(object.value)}.${String(property.value)}`;
}

export const LIMITS = { file: 500, p95: 350, median: 120, function: 40 } as const;

export function sizeBreaches(file: SourceFile): readonly Breach[] {
  const lines = lineCount(file);
  const tooLong: Breach[] =
    lines > LIMITS.file ? [{ path: file.path, rule: 'size', detail: `${lines} lines, at most ${LIMITS.file}` }] : [];
  return [
    ...tooLong,
    ...functionSizes(file)
      .filter((one) => one.lines > LIMITS.function)
      .map((one) => ({
        path: file.path,
        rule: 'size',
        detail: `the function at line ${one.line} has ${one.lines} lines, at most ${LIMITS.function}`,
      })),
  ];
}

export const lineCount = (file: SourceFile): number =>
  file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
]);

function functionSizes(file: SourceFile): readonly { readonly line: number; readonly lines: number }[] {
  const bytes = Buffer.from(file.text);
  const module = parse(file);
  const found: { line: number; lines: number }[] = [];
  walk(module, (node) => {
    if (!FUNCTIONS.has(node.type)) return;
    const span = node.span as { readonly start: number; readonly end: number };
    // Spans count bytes from 1; comments before the function belong to nobody.
    const before = bytes.subarray(0, span.start - 1).toString();
    const within = bytes.subarray(span.start - 1, span.end - 1).toString();
    found.push({ line: before.split('\n').length, lines: within.split('\n').length });
  });
  return found;
}

const parsed = new Map<string, Node>();

function parse(file: SourceFile): Node {
  const known = parsed.get(file.text);
  if (known !== undefined) return known;
  const module = parseSync(file.text, { syntax: 'typescript', target: 'es2022' }) as unknown as Node;
  parsed.set(file.text, module);
  return module;
}

function walk(node: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, visit);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  if (typeof (node as Node).type === 'string') visit(node as Node);
  for (const child of Object.values(node)) walk(child, visit);
}

export const readSource = (path: string): SourceFile => ({ path, text: readFileSync(path, 'utf8') });
