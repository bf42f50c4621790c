import type { MemoryApi } from './memory-api.js';
import { expectStatus, expectThat } from './tour-checks.js';
import { FACTS } from './tour-service.js';

interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent: { readonly results?: readonly { readonly content: string }[] };
}

/** What an agent's client says to the Model Context Protocol, as the JSON that it is: first the handshake, then a tool. */
export async function askByMcp(api: MemoryApi): Promise<string> {
  const clientInfo = { name: 'tour', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const { serverInfo } = await say<{ readonly serverInfo: { readonly name: string } }>(api, 'initialize', params);
  const { tools } = await say<{ readonly tools: readonly { readonly name: string }[] }>(api, 'tools/list', {});
  expectThat(
    tools.some(({ name }) => name === 'search_memories'),
    `there is no search_memories among ${tools.length} tools`,
  );
  // The tour's key is one of the whole tenant, so whoever holds it says for whom it asks; no argument of a tool could.
  const found = await say<ToolResult>(api, 'tools/call', {
    name: 'search_memories',
    arguments: { query: 'which food must she avoid?', limit: 3 },
    _meta: { 'memplane.dev/user_id': 'ada' },
  });
  const [best] = found.structuredContent.results ?? [];
  expectThat(best?.content === FACTS[1], `the best answer was ${JSON.stringify(found.content[0]?.text)}`);
  return `${serverInfo.name} offers ${tools.length} tools; search_memories says "${best?.content}"`;
}

async function say<T>(api: MemoryApi, method: string, params: object): Promise<T> {
  const { body } = expectStatus(await api.call('POST', '/mcp', { jsonrpc: '2.0', id: method, method, params }), 200);
  if (body.result === undefined) throw new Error(`${method} answered ${JSON.stringify(body)}`);
  return body.result as T;
}
