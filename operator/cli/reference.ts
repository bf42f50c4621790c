import { COMMON_FLAGS } from './arguments.js';
import type { Command, CommandEntry, Flag } from './command.js';
import { EXIT_MEANINGS } from './exit-codes.js';
import { flagName } from './help.js';

const PREFACE = `<!-- Generated from operator/cli by "npm run generate". Do not edit. -->
# memoryctl

For people and for cron. \`npm run build && npm link\` puts \`memoryctl\` on the PATH, and with it \`kubectl-memory\`, so that
\`kubectl memory …\` does the same. Without a link: \`node dist/operator/cli/main.js …\`.

Results go to standard output, everything else to standard error. With \`--json\` standard output holds one JSON document,
and an error is \`{"error": {"exitCode", "message", "problems"}}\` on standard error. \`-\` stands for standard input.
The cluster is that of \`--kubeconfig\`, then of \`MEMPLANE_KUBECONFIG\`, then the one that kubectl would ask.

## Exit codes

A number never changes its meaning; where a command means something narrower by it, its section says so.
`;

/** docs/reference/memoryctl.md: the help of every command, in one page. */
export async function buildCliReference(table: readonly CommandEntry[]): Promise<string> {
  const sections: string[] = [];
  for (const entry of table) sections.push(sectionOf(entry, await entry.load()));
  return [
    PREFACE,
    rows(
      ['code', 'meaning'],
      EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
    ),
    ...sections,
  ].join('\n');
}

function sectionOf(
  { path, summary }: CommandEntry,
  { about, parameters, flags, exits = [], examples }: Command,
): string {
  const named = parameters.map(
    ({ name, optional, repeats }) =>
      `${optional === true ? '[' : ''}${name}${repeats === true ? '…' : ''}${optional === true ? ']' : ''}`,
  );
  return [
    `## memoryctl ${[...path, ...named].join(' ')}\n`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}. ${about}\n`,
    ...(parameters.length === 0
      ? []
      : [
          rows(
            ['argument', 'meaning'],
            parameters.map(({ name, summary: text }) => [`\`${name}\``, text]),
          ),
        ]),
    rows(['flag', 'meaning'], [...flags, ...COMMON_FLAGS].map(flagRow)),
    ...(exits.length === 0
      ? []
      : [
          rows(
            ['exit code', 'meaning here'],
            exits.map(([code, text]) => [String(code), text]),
          ),
        ]),
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`,
  ].join('\n');
}

const flagRow = (flag: Flag): readonly string[] => [`\`${flagName(flag)}\``, flag.summary];

const rows = (headings: readonly string[], cells: readonly (readonly string[])[]): string =>
  `${[headings, headings.map(() => '---'), ...cells].map((row) => `| ${row.map(escaped).join(' | ')} |`).join('\n')}\n`;

const escaped = (cell: string): string => cell.replaceAll('|', '\\|');
