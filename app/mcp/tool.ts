import type { Static, TObject } from '@sinclair/typebox';
import type { Permission } from '../access/principal.js';
import type { Caller } from '../memories/service.js';
import type { SearchDeps } from '../search/search-deps.js';

export interface ToolAnswer {
  /** For programs. */
  readonly structured: Readonly<Record<string, unknown>>;
  /** For the model that reads it: what was done, and stored text only between fences. */
  readonly text: string;
}

export interface ToolContext {
  readonly deps: SearchDeps;
  readonly caller: Caller;
}

/** One tool as data: the list, the check of arguments and of grants, and the call all read it. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly input: TObject;
  readonly annotations: Readonly<Record<string, boolean>>;
  readonly permission: Permission;
  readonly writes: boolean;
  call(context: ToolContext, args: unknown): Promise<ToolAnswer>;
}

interface ToolDefinition<I extends TObject> extends Omit<Tool, 'input' | 'call'> {
  readonly input: I;
  call(context: ToolContext, args: Static<I>): Promise<ToolAnswer>;
}

/** Ties the arguments' types to the schema that they have been checked against. */
export const defineTool = <I extends TObject>(definition: ToolDefinition<I>): Tool => definition as unknown as Tool;
