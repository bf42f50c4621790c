import { describeTenantLife } from './tenant-life.js';

describeTenantLife('the embedded cluster', async () => undefined);
