import type { IncomingHttpHeaders } from 'node:http';
import { requirePermission } from '../access/guard.js';
import type { Principal } from '../access/principal.js';
import { currentContext } from '../http/context.js';
import { type ErrorDeps, reportError } from '../http/error-handler.js';
import { isObject } from '../http/json.js';
import { checkMode } from '../http/serve.js';
import { requireValid } from '../http/validate.js';
import type { SearchDeps } from '../search/search-deps.js';
import { buildFailure } from './failure.js';
import { demandUser, resolveCaller } from './identity.js';
import { type Params, RPC, RpcError } from './rpc.js';
import { CHECKS, TOOLS } from './tools.js';

export interface ToolDeps extends ErrorDeps {
  readonly memories: SearchDeps;
}

/** Runs one tool for whoever asks. A name that is no tool is a mistake of the protocol; all else that fails is a result. */
export const callTool = async (
  deps: ToolDeps,
  principal: Principal,
  headers: IncomingHttpHeaders,
  params: Params,
): Promise<object> => {
  const { name, arguments: args = {} } = params;
  const known = typeof name === 'string' ? CHECKS.get(name) : undefined;
  if (known === undefined) {
    const names = TOOLS.map((tool) => tool.name).join(', ');
    const asked =
      typeof name === 'string' ? `There is no tool ${JSON.stringify(name.slice(0, 64))}` : 'params.name names no tool';
    throw new RpcError(RPC.invalidParams, 200, `${asked}: ${names}.`);
  }
  if (!isObject(args)) throw new RpcError(RPC.invalidParams, 200, 'params.arguments is no object.');
  const { tool, check } = known;
  const context = currentContext();
  if (context) context.operation = `mcp.${tool.name}`;
  try {
    checkMode(tool, deps.memories.policies().mode);
    requirePermission(principal, tool.permission);
    const caller = resolveCaller(principal, headers, params);
    const valid = requireValid(check, args, 'The call');
    demandUser(caller, args);
    const { structured, text } = await tool.call({ deps: deps.memories, caller }, valid);
    return { content: [{ type: 'text', text }], structuredContent: structured };
  } catch (cause) {
    return buildFailure(reportError(deps, cause), context?.requestId ?? '');
  }
};
