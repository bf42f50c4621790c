// Each guard taken out once, in a copy of what is built: the matrix has to see it.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runMatrix } from './isolation-matrix.mjs';
import { changePolicies, endTenant, startTenant } from './isolation-world.mjs';

/** {guard, file, from, to}: the text has to be there exactly once, or the mutant is out of date and the campaign fails. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: source text that holds templates
const MUTANTS = [
  [
    'a route asks for its permission',
    'http/serve.js',
    'requirePermission(principal, route.permission);',
    '',
    { first: /whoami/ },
  ],
  [
    'files of the log ask for their permission',
    'audit/feature.js',
    "requirePermission(context.principal, 'audit.read');",
    '',
    { first: /audit\// },
  ],
  [
    'one memory: only the own person’s',
    'memories/store.js',
    'OR (scope = 0 AND user_ref = $2::uuid)',
    'OR (scope = 0 AND ($2::uuid IS NULL OR true))',
    { first: /getMemory$/ },
  ],
  [
    'what is remembered is shown to those who may see it',
    'memories/reader.js',
    'read && maySee(viewer, read.row)',
    'read',
    { first: /getMemory$/ },
  ],
  [
    'one memory: only the own teams’',
    'memories/store.js',
    'team_ref = ANY ($3::uuid[])',
    '($3::uuid[] IS NULL OR true)',
    { first: /listEntities|memoryStats/ },
  ],
  [
    'one memory: only the own organizations’',
    'memories/store.js',
    'organization_ref = ANY ($4::uuid[])',
    '($4::uuid[] IS NULL OR true)',
    { first: /listEntities|memoryStats/ },
  ],
  [
    'lists: only the own person’s',
    'memories/visibility.js',
    'scope = 0 AND user_ref = ${bind(userRef)}::uuid',
    'scope = 0',
    { first: /listMemories/ },
  ],
  [
    'lists: only the own teams’',
    'memories/visibility.js',
    'scope = 1 AND team_ref = ANY (${bind(teamRefs)}::uuid[])',
    'scope = 1',
    { first: /listMemories/ },
  ],
  [
    'lists: only the own organizations’',
    'memories/visibility.js',
    'scope = 2 AND organization_ref = ANY (${bind(organizationRefs)}::uuid[])',
    'scope = 2',
    { first: /listMemories/ },
  ],
  ['searches ask who may see', 'search/space.js', 'visibleTo(viewer),', '', { first: /listMemories/ }],
  [
    'bulk requests by id ask who may see',
    'memories/selection.js',
    /visibleTo\(viewer\),\s*\(bind\)/,
    '(bind)',
    { first: /deleteMemories/ },
  ],
  [
    'a person’s key acts for that person alone',
    'tenancy/identity.js',
    'if (principal.userId === null) return named.explicit ?? named.header;',
    'return named.explicit ?? named.header ?? principal.userId;',
    { first: /listMemories/ },
  ],
  [
    'only a key of nobody sees everything',
    'memories/viewer.js',
    'userId === null ? allowedScopes(principal) : []',
    'allowedScopes(principal)',
    { first: /getMemory$/ },
  ],
  [
    'a person reads for no team of others',
    'memories/viewer.js',
    "if (isOfNobody && isAllowedIn(principal, 'retrieve.all', kind))",
    'if (kind)',
    { first: /listMemories/ },
  ],
  ['the tenant that is named is this one', 'access/guard.js', 'checkTenant(headers, tenant);', ''],
  ['a key that was revoked', 'access/key-cache.js', 'revoked_at === null && ', ''],
  ['a key whose time is over', 'access/key-cache.js', '(expires_at === null || expires_at.getTime() > now())', 'true'],
  ['a suspended tenant', 'http/serve.js', "if (mode === 'Suspended')", 'if (false)', { isSuspended: true }],
  [
    'the MAC of a cursor',
    'memories/cursor.js',
    ' || !sameBytes(bytes.subarray(0, MAC_BYTES), macOf(vault, list, text))',
    '',
    { first: /listMemories/ },
  ],
  ['a filter narrows a list', 'search/space.js', 'bound.condition', '', { first: /listMemories/ }],
  [
    'an Idempotency-Key belongs to a credential',
    'idempotency/idempotency.js',
    '${identity.keyId}\\n',
    '',
    { first: /createMemories/ },
  ],
  [
    'a job belongs to its person',
    'jobs/store.js',
    '($1::boolean OR user_ref = $2::uuid)',
    '($1::boolean OR $2::uuid IS NULL OR true)',
    { first: /listJobs|getJob/ },
  ],
  [
    'a tool asks for its permission',
    'mcp/call-tool.js',
    'requirePermission(principal, tool.permission);',
    '',
    { first: /^mcp\./ },
  ],
  ['nobody gives away rights they lack', 'access/covered.js', 'if (missing.length === 0) return;', 'return;'],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

/** A copy of what is built, with one text in it replaced. */
export const buildMutant = ([guard, file, from, to]) => {
  const root = mkdtempSync(join(tmpdir(), 'memplane-mutant-'));
  cpSync(resolve('dist/app'), join(root, 'dist/app'), { recursive: true });
  cpSync(resolve('package.json'), join(root, 'package.json'));
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  const path = join(root, 'dist/app', file);
  const text = readFileSync(path, 'utf8');
  const found =
    typeof from === 'string' ? text.split(from).length - 1 : (text.match(new RegExp(from, 'g')) ?? []).length;
  if (found !== 1) {
    rmSync(root, { recursive: true, force: true });
    throw new Error(`the guard "${guard}" is in ${file} ${found} times: bring the mutant up to date`);
  }
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  return { path: root, remove: () => rmSync(root, { recursive: true, force: true }) };
};

/** {guard, caught, by}: `by` is the first cell that turned red. */
export const runMutants = async (cluster, progress, only) => {
  const results = [];
  for (const [index, mutant] of MUTANTS.entries()) {
    const [guard, , , , { first, isSuspended = false } = {}] = mutant;
    if (only !== undefined && !guard.includes(only)) continue;
    const root = buildMutant(mutant);
    const worlds = [];
    try {
      const dist = join(root.path, 'dist');
      const world = await startTenant(cluster, `mutant${index}`, { dist });
      worlds.push(world);
      const bystanders = {};
      if (isSuspended) {
        bystanders.suspended = await startTenant(cluster, `paused${index}`, { dist });
        worlds.push(bystanders.suspended);
        await suspend(bystanders.suspended);
      }
      const { red, cells } = await runMatrix(world, { isBrief: true, bystanders, first });
      results.push({ guard, caught: red.length > 0, by: red[0], cells });
    } finally {
      for (const world of worlds) await endTenant(world);
      root.remove();
    }
    const caught = results.filter((one) => one.caught).length;
    progress(`mutants: ${caught} of ${results.length} caught (${guard})`);
  }
  return results;
};

export const suspend = (world) => changePolicies(world, { mode: 'Suspended' });
