import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig } from './config.js';
import { buildChartFiles, writeChartFiles } from './output.js';

/** `dist/charts/`, where this file runs once it is built and where its folders were copied to. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

function main(): void {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const files = buildChartFiles(HERE, readConfig(version));
  writeChartFiles(HERE, files);
  for (const { name, about } of files) process.stdout.write(`dist/charts/${name.padEnd(20)} ${about}\n`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
