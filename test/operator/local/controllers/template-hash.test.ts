import { hashTemplate, isSameTemplate, withHash } from '../../../../operator/local/controllers/template-hash.js';

const template = {
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'main', image: 'a:1', args: ['x', 'y'] }] },
};

describe('a template’s hash', () => {
  it('is the same for the same template, whatever the order of its fields and what the server added empty', () => {
    const same = {
      spec: { containers: [{ args: ['x', 'y'], image: 'a:1', name: 'main', resources: {} }], securityContext: {} },
      metadata: { labels: { app: 'x' }, creationTimestamp: null as unknown as string },
    };
    expect(hashTemplate(same)).toBe(hashTemplate(template));
    expect(hashTemplate(template)).toMatch(/^[bcdfghjklmnpqrstvwxz2-9]{10}$/);
  });

  it('differs with anything that a pod would notice', () => {
    const other = { ...template, spec: { containers: [{ name: 'main', image: 'a:1', args: ['y', 'x'] }] } };
    expect(hashTemplate(other)).not.toBe(hashTemplate(template));
  });

  it('is recognised in a ReplicaSet, whose labels carry it', () => {
    const marked = withHash(template, hashTemplate(template));
    expect(isSameTemplate(marked, template)).toBe(true);
    expect(isSameTemplate(marked, { ...template, metadata: { labels: { app: 'y' } } })).toBe(false);
    expect(isSameTemplate(undefined, template)).toBe(false);
  });
});
