import { Chart, Testing } from 'cdk8s';
import type { K8sObject } from '../../charts/manifests/object.js';
import { buildPlatform } from '../../charts/manifests/platform/build.js';
import { buildTenant } from '../../charts/manifests/tenant/build.js';
import { render } from '../../charts/render.js';
import { TenantChart } from '../../charts/tenant-chart.js';
import { FIXTURES, MAXIMAL } from '../support/tenant-options.js';

/** One text for one value, whatever the order in which its fields were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

describe('charts and operator say the same of a tenant', () => {
  it.each(FIXTURES)('of the %s one', (name, options) => {
    const synthesized = Testing.synth(new TenantChart(Testing.app(), name, options));
    const built = buildTenant(options);
    expect(synthesized).toEqual(built);
    expect(canonical(synthesized)).toBe(canonical(built));
  });

  it('and of the platform', () => {
    const built = buildPlatform({ image: 'memplane/operator', version: '1.4.0' });
    const chart = new Chart(Testing.app(), 'platform');
    render(chart, built);
    expect(canonical(Testing.synth(chart))).toBe(canonical(built));
  });

  it('a chart with labels of its own would not, and this would notice', () => {
    const chart = new Chart(Testing.app(), 'labelled', { labels: { team: 'platform' } });
    render(chart, buildTenant(MAXIMAL));
    expect(canonical(Testing.synth(chart))).not.toBe(canonical(buildTenant(MAXIMAL)));
  });

  it('even what is empty stays: a policy that selects all pods is no policy that selects none', () => {
    const open: K8sObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'all' },
      spec: { podSelector: {}, ingress: [], egress: [{ to: [{ podSelector: {} }] }] },
    };
    const chart = new Chart(Testing.app(), 'empty');
    render(chart, [open]);
    expect(Testing.synth(chart)).toEqual([open]);
  });
});
