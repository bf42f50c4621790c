import { compileCheck } from '../http/validate.js';
import { getTool, listTool, searchTool } from './read-tools.js';
import type { Tool } from './tool.js';
import { addTool, forgetTool, updateTool } from './write-tools.js';

/** In this order always: a list that changes its order spoils every prompt cache that holds it. */
export const TOOLS: readonly Tool[] = [searchTool, addTool, listTool, getTool, updateTool, forgetTool];

export const TOOL_LIST = TOOLS.map(({ name, description, input, annotations }) => ({
  name,
  description,
  inputSchema: input,
  annotations,
}));

export const CHECKS = new Map(TOOLS.map((tool) => [tool.name, { tool, check: compileCheck(tool.input) }]));
