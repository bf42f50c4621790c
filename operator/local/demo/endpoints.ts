import { SECRETS, tenantNamespace } from '../../../charts/manifests/names.js';
import type { Stack } from '../stack/stack.js';

/** Where to go now: addresses, where the keys are, and lines that work when they are pasted. */
export function printEndpoints(stack: Stack, json: boolean, say: (line?: string) => void): void {
  const endpoints = stack.router.endpoints();
  if (json) {
    process.stdout.write(`${JSON.stringify({ kubeconfig: stack.kubeconfigPath, tenants: endpoints })}\n`);
    return;
  }
  say();
  for (const [tenant, { url, direct }] of Object.entries(endpoints)) {
    say(
      `  ${tenant.padEnd(10)} ${url}   also ${direct}   key in Secret ${tenantNamespace(tenant)}/${SECRETS.adminKey}`,
    );
  }
  const [first] = Object.entries(endpoints);
  if (first === undefined) return;
  const [tenant, { url }] = first;
  const secret = `kubectl -n ${tenantNamespace(tenant)} get secret ${SECRETS.adminKey} -o jsonpath='{.data.apiKey}' | base64 -d`;
  const post = `-H "X-API-Key: $KEY" -H 'Content-Type: application/json'`;
  say(`
try it, in another terminal:

  export KUBECONFIG=${quote(stack.kubeconfigPath)}; kubectl get memorytenants
  KEY=$(${secret}); curl -s ${url}/api/v1/memories ${post} -d '{"user_id":"ada","content":"Ada prefers window seats"}'
  curl -s ${url}/api/v1/memories/search ${post} -d '{"user_id":"ada","query":"where does she like to sit?"}'

Ctrl-C ends it; the state stays for the next run.`);
}

/** As a shell reads it. */
const quote = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
