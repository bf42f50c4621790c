import { isReachable, plainAddress } from '../../../app/http/addresses.js';
import { createOutbound, type EgressRule, type Outbound, OutboundRefused } from '../../../app/http/outbound.js';
import { startIssuer, type TestIssuer } from '../../support/issuer.js';

describe('an address that is not public is refused', () => {
  it.each([
    ...['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
    ...['0.0.0.0', '100.64.0.1', '168.63.129.16', '224.0.0.1', '255.255.255.255', '198.18.0.1', '203.0.113.9'],
    ...['::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '2001:db8::1', '2002:7f00:1::'],
    ...['::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::a00:1', '[::1]', 'not an address'],
  ])('%s', (address) => expect(isReachable(address, 443, [])).toBe(false));

  it.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1', '::ffff:8.8.8.8'])(
    'and %s is not',
    (address) => expect(isReachable(address, 443, [])).toBe(true),
  );

  it('a URL that writes an address in another base is read as what a socket would use', () => {
    for (const host of ['2130706433', '0x7f.1', '0177.0.0.1', '127.1']) {
      expect(plainAddress(new URL(`https://${host}/`).hostname)).toBe('127.0.0.1');
    }
  });
});

describe('a rule of network.egress', () => {
  const allows = (cidr: string, address: string, ports: readonly number[] = [], port = 443): boolean =>
    isReachable(address, port, [{ cidr, ports }]);
  it('opens what it names, on its ports', () => {
    expect(allows('10.1.0.0/16', '10.1.2.3')).toBe(true);
    expect(allows('10.1.2.3', '10.1.2.3')).toBe(true);
    expect(allows('fd00::/64', 'fd00::7')).toBe(true);
    expect(allows('10.1.0.0/16', '::ffff:10.1.2.3')).toBe(true);
    expect(allows('10.1.0.0/16', '10.2.0.1')).toBe(false);
    expect(allows('10.1.0.0/16', '10.1.2.3', [8443])).toBe(false);
    expect(allows('10.1.0.0/16', '10.1.2.3', [8443], 8443)).toBe(true);
  });
  it('that means the whole internet opens no metadata service and no loopback', () => {
    for (const cidr of ['0.0.0.0/0', '::/0', '128.0.0.0/1']) {
      expect([allows(cidr, '169.254.169.254'), allows(cidr, '127.0.0.1'), allows(cidr, '::1')]).toEqual([
        false,
        false,
        false,
      ]);
    }
  });
});

describe('a call', () => {
  let server: TestIssuer;
  let rules: readonly EgressRule[] = [];
  let names: Record<string, readonly string[]> = {};
  let asked: string[] = [];
  let outbound: Outbound;
  beforeAll(async () => {
    server = await startIssuer();
    outbound = createOutbound({
      rules: () => rules,
      ca: server.ca,
      resolve: async (host) => {
        asked.push(host);
        return names[host] ?? [];
      },
    });
  });
  afterAll(async () => {
    await outbound.close();
    await server.stop();
  });
  beforeEach(() => {
    rules = [{ cidr: '127.0.0.1/32', ports: [] }];
    names = { localhost: ['127.0.0.1'] };
    asked = [];
    server.answer(undefined);
  });
  const reasonOf = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'none',
      (error: unknown) => (error instanceof OutboundRefused ? error.reason : String(error)),
    );
  const byName = (): string => server.jwksURI.replace('127.0.0.1', 'localhost');

  it('to what is allowed is made, by address and by name', async () => {
    expect((await outbound.request(server.jwksURI)).status).toBe(200);
    expect((await outbound.request(byName())).status).toBe(200);
    expect((await outbound.fetch(byName())).status).toBe(200);
    expect((await outbound.check(byName())).hostname).toBe('localhost');
  });

  it('without the rule is not, by address and by name, and nothing is sent', async () => {
    rules = [];
    const before = server.fetches();
    const fresh = createOutbound({ rules: () => rules, ca: server.ca, resolve: async () => ['127.0.0.1'] });
    expect(await reasonOf(fresh.request(server.jwksURI))).toBe('address');
    expect(await reasonOf(fresh.request(byName()))).toBe('address');
    expect(await reasonOf(fresh.check(byName()))).toBe('address');
    await expect(fresh.fetch(byName())).rejects.toThrow();
    expect(server.fetches()).toBe(before);
    await fresh.close();
  });

  it('to a name with one private address among public ones is refused', async () => {
    names = { 'rebind.example': ['8.8.8.8', '10.0.0.1'] };
    expect(await reasonOf(outbound.check('https://rebind.example/'))).toBe('address');
  });

  it('connects to what was checked: a name that changes between check and call is checked again by the call', async () => {
    names = { 'moves.example': ['8.8.8.8'] };
    await outbound.check('https://moves.example/');
    names = { 'moves.example': ['10.0.0.1'] };
    expect(await reasonOf(outbound.request('https://moves.example/'))).toBe('address');
    expect(asked).toEqual(['moves.example', 'moves.example']);
  });

  it.each([
    ['http', 'http://localhost/'],
    ['file', 'file:///etc/passwd'],
    ['a user in it', 'https://user:pass@localhost/'],
    ['no URL', 'nonsense'],
  ])('with %s is refused', async (_, url) => expect(await reasonOf(outbound.request(url))).toBe('url'));

  it('follows no redirect, reads no endless answer, waits for no silent one', async () => {
    server.answer(() => ({ status: 302, headers: { Location: 'https://169.254.169.254/' }, body: '' }));
    expect(await reasonOf(outbound.request(server.jwksURI))).toBe('redirect');
    server.answer(() => ({ status: 200, body: 'x'.repeat(5000) }));
    expect(await reasonOf(outbound.request(server.jwksURI, { maxBytes: 1000 }))).toBe('size');
    server.answer(() => ({ status: 200, headers: { 'Content-Length': '10' }, body: 'x' }));
    expect(await reasonOf(outbound.request(server.jwksURI, { timeoutMs: 300 }))).toBe('unreachable');
  });

  it('to a server whose certificate nobody vouches for fails', async () => {
    const distrusting = createOutbound({ rules: () => rules });
    expect(await reasonOf(distrusting.request(server.jwksURI))).toBe('unreachable');
    await distrusting.close();
  });
});
