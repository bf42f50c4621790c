export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
}

/** Names of types by the schema that they stand for. */
export type Names = ReadonlyMap<string, string>;

export const identify = (schema: Schema): string => {
  const { description: _, ...rest } = schema;
  return JSON.stringify(rest);
};

/** A schema as a type: by its name when it has one, else written out. */
export const printType = (schema: Schema, names: Names): string =>
  names.get(identify(schema)) ?? printBody(schema, names);

export const printBody = (schema: Schema, names: Names): string => {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return unite(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.anyOf) return unite(schema.anyOf.map((one) => printType(one, names)));
  if (schema.allOf) return schema.allOf.map((one) => printType(one, names)).join(' & ');
  if (Array.isArray(schema.type))
    return unite(schema.type.map((type: string) => printBody({ ...schema, type }, names)));
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `readonly ${wrap(schema.items ? printType(schema.items, names) : 'unknown')}[]`;
    case 'object':
      return printObject(schema, names);
    default:
      return 'unknown';
  }
};

const printObject = (schema: Schema, names: Names): string => {
  const members = printMembers(schema, names);
  if (members.length > 0) return `{ ${members.join('; ')} }`;
  const [values] = Object.values(schema.patternProperties ?? {});
  return `Readonly<Record<string, ${values ? printType(values, names) : 'unknown'}>>`;
};

const printMembers = ({ properties = {}, required = [] }: Schema, names: Names): readonly string[] =>
  Object.entries(properties).map(([name, one]) =>
    printMember(name, printType(one, names), required.includes(name), one.description),
  );

/** As `printBody`, an object with each of its members on a line. */
export const printDeclaration = (schema: Schema, names: Names): string => {
  const members = schema.type === 'object' && !schema.allOf ? printMembers(schema, names) : [];
  return members.length === 0 ? printBody(schema, names) : printLines(members);
};

export const printLines = (members: readonly string[]): string => `{\n  ${members.join(';\n  ')};\n}`;

export const printMember = (name: string, type: string, required: boolean, description?: string): string => {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  const note = description === undefined ? '' : `/** ${description.replaceAll('*/', '* /')} */ `;
  return `${note}readonly ${key}${required ? '' : '?'}: ${type}${required ? '' : ' | undefined'}`;
};

const unite = (types: readonly string[]): string => [...new Set(types)].join(' | ');
const wrap = (type: string): string => (/[ |&]/.test(type) ? `(${type})` : type);
