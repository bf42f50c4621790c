import { runArchive } from './archive/role.js';
import { ConfigError, EXIT_CONFIG, ROLES, readArchiveConfig, readMemoryConfig, readMigrateConfig } from './config.js';
import { migrateDatabase } from './db/migrate.js';
import { messageOf } from './http/cause.js';
import { createLogger, flushLog } from './http/log.js';
import { startMemoryRole } from './memory-role.js';
import { prepareVectorDatabase } from './vectors/prepare-database.js';

const EXIT_USAGE = 2;

const migrate = async (): Promise<number> => {
  const config = readMigrateConfig();
  const log = createLogger({ level: config.LOG_LEVEL, tenant: config.MEMPLANE_TENANT });
  const { applied, version } = await migrateDatabase({
    url: config.MIGRATE_DATABASE_URL,
    serviceRole: config.MEMPLANE_SERVICE_ROLE,
    log: (message, fields) => log.info(fields, message),
  });
  await prepareVectorDatabase({
    url: config.MIGRATE_DATABASE_URL,
    serviceRole: config.MEMPLANE_SERVICE_ROLE,
    provider: config.VECTOR_PROVIDER,
    dimensions: config.VECTOR_DIMENSIONS,
  });
  log.info({ applied: applied.length, version }, 'schema is up to date');
  await flushLog(log);
  return 0;
};

const memory = async (): Promise<number> => {
  const config = readMemoryConfig();
  const log = createLogger({
    level: config.LOG_LEVEL,
    tenant: config.MEMPLANE_TENANT,
    environment: config.SERVICE_ENV,
    ...(config.POD_NAME ? { pod: config.POD_NAME } : {}),
  });
  const signalled = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  const service = await startMemoryRole(config, log);
  log.info({ signal: await signalled }, 'shutting down');
  await service.stop();
  log.info({}, 'stopped');
  await flushLog(log);
  return 0;
};

const archive = async (): Promise<number> => {
  const config = readArchiveConfig();
  const log = createLogger({ level: config.LOG_LEVEL, tenant: config.MEMPLANE_TENANT });
  const code = await runArchive(config, log);
  await flushLog(log);
  return code;
};

const RUN = { memory, migrate, archive } as const;

const HELP = `usage: node dist/app/main.js ROLE

  memory    serves the API of one tenant
  migrate   brings the database to this version's schema, once or again
  archive   puts what is new of the audit log into a bucket with object lock, and ends

Settings come from the environment: docs/reference/configuration.md lists them for each role.
`;

const main = async (role: string | undefined): Promise<number> => {
  if (role === '--help' || role === '-h' || role === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const run = ROLES.find((known) => known === role);
  if (run === undefined) {
    process.stderr.write(
      `${role === undefined ? 'No role was given' : `The role "${role}" is not known`}; roles: ${ROLES.join(', ')}\n`,
    );
    return EXIT_USAGE;
  }
  try {
    return await RUN[run]();
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`The configuration of the role ${run} is not valid:\n${error.message}\n`);
      return EXIT_CONFIG;
    }
    process.stderr.write(`The role ${run} could not be started: ${messageOf(error)}\n`);
    return 1;
  }
};

process.exit(await main(process.argv[2]));
