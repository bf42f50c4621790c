import { buildReference } from '../../../../operator/api/v1alpha1/reference.js';
import { KINDS } from '../../../../operator/api/v1alpha1/schema/index.js';
import { validateKind } from '../../../../operator/api/v1alpha1/validate.js';

const page = buildReference();
const section = (kind: string): string => page.split(`\n## ${kind}\n`)[1]?.split('\n## ')[0] ?? '';

it('every kind has a chapter, and its example is valid', () => {
  for (const kind of KINDS) {
    expect(section(kind.kind)).toContain(kind.description);
    const { spec, ...metadata } = kind.example;
    const object = {
      apiVersion: 'memplane.dev/v1alpha1',
      kind: kind.kind,
      metadata,
      ...(spec === undefined ? {} : { spec }),
    };
    expect(validateKind(kind, object)).toEqual([]);
  }
});

it('a field shows type, default, whether it is required, and whether anything acts on it', () => {
  const tenant = section('MemoryTenant');
  expect(tenant).toContain('| `spec.erasureGraceDays` | integer 0–365 | `7` |');
  expect(tenant).toContain('| `spec.backup.drill.maxAgeDays` ∅ | integer 1–36525 | `8` |');
  expect(tenant).toContain('| `spec.network.egress[].cidr` | string | *required* |');
  expect(tenant).toContain('| `status.placement.tier` | `Pooled`, `Dedicated`, `Isolated` |');
});

it('it is said which tiers stall', () => {
  expect(section('MemoryTenant')).toContain(
    '`Dedicated` and `Isolated` are accepted and stall with `TierNotSupported`; nothing is placed for them.',
  );
});

it('rules stand with their remedy, and those about changes say so', () => {
  const tenant = section('MemoryTenant');
  expect(tenant).toMatch(/- `spec\.services\.memory\.scaling`: refused: .*; raise maxReplicas or lower minReplicas\./);
  expect(tenant).toMatch(/- `spec\.planeRef`: refused: planeRef cannot change; .* \*\(on change\)\*/);
});

it('no line of a table is broken by its text', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  for (const row of rows) expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(5);
});
