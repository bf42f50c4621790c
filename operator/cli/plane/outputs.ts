import { Ajv } from 'ajv';
import { OUTPUT_NAMES } from '../../../stacks/outputs.js';
import { describeFieldError, type FieldError } from '../../api/v1alpha1/field-error.js';
import { explainError } from '../../api/v1alpha1/shape-errors.js';
import { unusableError } from '../errors.js';
import { type PlaneOutputs, planeOutputSchema, type VaultOutputs, vaultOutputSchema } from './outputs-schema.js';

export interface OutputFile {
  /** Its name as given; `-` is standard input. */
  readonly name: string;
  readonly text: string;
}

export interface Outputs {
  readonly plane: PlaneOutputs;
  readonly vault: VaultOutputs | undefined;
}

const LAYERS = ['plane', 'vault'] as const;
type Layer = (typeof LAYERS)[number];
type Found = Partial<Record<Layer, unknown>>;

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
const SCHEMAS = { plane: ajv.compile(planeOutputSchema), vault: ajv.compile(vaultOutputSchema) };
const HOW = 'write it with "terraform output -json" (or tofu) in the stack\'s folder, after its apply';

/**
 * The outputs of plane and vault, from one file or several: as `terraform output -json` prints all of them, or as
 * `terraform output -json memplane` prints one. Everything that is missing or wrong is said at once.
 */
export function readOutputs(files: readonly OutputFile[]): Outputs {
  const found: Found = Object.assign({}, ...files.map(parseFile));
  const problems = LAYERS.flatMap((layer) => problemsOf(layer, found[layer]));
  if (found.plane === undefined) {
    problems.unshift(`output "${OUTPUT_NAMES.plane}" of the plane stack is missing; ${HOW}`);
  }
  if (problems.length > 0) throw unusableError(`the outputs cannot be used (${files.map(shown).join(', ')})`, problems);
  const outputs = found as Outputs;
  const disagreements = outputs.vault === undefined ? [] : disagreementsOf(outputs.plane, outputs.vault);
  if (disagreements.length > 0) throw unusableError('plane and vault are not of one environment', disagreements);
  return outputs;
}

const shown = ({ name }: OutputFile): string => (name === '-' ? 'standard input' : name);

function parseFile(file: OutputFile): Found {
  const value = parseJson(file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unusableError(`${shown(file)} is not an object of outputs`, [HOW]);
  }
  const outputs = value as Readonly<Record<string, unknown>>;
  if (outputs.buckets !== undefined && outputs.kms !== undefined) {
    return outputs.postgres === undefined && outputs.clusterID === undefined ? { vault: value } : { plane: value };
  }
  return Object.fromEntries(
    LAYERS.flatMap((layer) => {
      const output = outputs[OUTPUT_NAMES[layer]];
      return output === undefined ? [] : [[layer, unwrap(output)]];
    }),
  );
}

/** `{sensitive, type, value}` → its value. */
const unwrap = (output: unknown): unknown =>
  typeof output === 'object' && output !== null && 'value' in output ? output.value : output;

function parseJson(file: OutputFile): unknown {
  const { text } = file;
  if (text.trim() === '') throw unusableError(`${shown(file)} is empty`, [HOW]);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : String(cause);
    throw unusableError(`${shown(file)} is not JSON: ${why}`, [HOW], cause);
  }
}

function problemsOf(layer: Layer, value: unknown): string[] {
  if (value === undefined) return [];
  const at = OUTPUT_NAMES[layer];
  const unknown = expressions(value, at);
  const valid = SCHEMAS[layer](value);
  const errors = valid ? [] : (SCHEMAS[layer].errors ?? []).map((error) => explainError(error));
  const placed = errors
    .map((error): FieldError => ({ ...error, path: error.path === '' ? at : `${at}.${error.path}` }))
    .map((error) => (error.path === `${at}.version` ? versionError(error) : error))
    .filter(({ path }) => !unknown.some((problem) => problem.startsWith(`${path}:`)));
  return [...new Set([...unknown, ...placed.map(describeFieldError)])];
}

const versionError = (error: FieldError): FieldError =>
  error.value === undefined
    ? error
    : {
        ...error,
        message: 'is not a version that this memoryctl reads (1)',
        remedy: 'use the memoryctl of the stacks',
      };

/** What Terraform would have filled in: somebody took the configuration for the outputs. */
function expressions(value: unknown, path: string): string[] {
  if (typeof value === 'string') {
    if (!value.includes('${')) return [];
    return [`${path}: is an expression and not a value (got ${JSON.stringify(value)}); ${HOW}`];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    expressions(child, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`),
  );
}

/** The plane derives the vault's names; here they meet what the vault really has. */
function disagreementsOf(plane: PlaneOutputs, vault: VaultOutputs): readonly string[] {
  const kinds = ['audit', 'auditReplica', 'keys', 'keysReplica'] as const;
  const pairs: readonly (readonly [path: string, plane: unknown, vault: unknown])[] = [
    ['cloud', plane.cloud, vault.cloud],
    ['environment', plane.environment, vault.environment],
    ...kinds.flatMap((kind) =>
      (['name', 'region', 'endpoint', 'lockDays'] as const).map(
        (field) => [`buckets.${kind}.${field}`, plane.buckets[kind][field], vault.buckets[kind][field]] as const,
      ),
    ),
    // On AWS one side knows the key by its alias and the other by its id.
    ...(plane.cloud === 'aws' ? [] : [['kms.anchorKeyID', plane.kms.anchorKeyID, vault.kms.anchor] as const]),
  ];
  return pairs
    .filter(([, ours, theirs]) => ours !== theirs)
    .map(
      ([path, ours, theirs]) =>
        `${path}: the plane says ${JSON.stringify(ours)}, the vault ${JSON.stringify(theirs)}; apply both from one spec`,
    );
}
