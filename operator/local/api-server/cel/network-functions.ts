import { BlockList, isIP } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';
import { isCidr } from '../schema/formats.js';

export class CelUrl {
  readonly url: URL;
  constructor(text: string) {
    if (!URL.canParse(text)) throw new Error(`URL parse error during conversion from string: ${JSON.stringify(text)}`);
    this.url = new URL(text);
  }
}

export class CelCidr {
  readonly text: string;
  constructor(text: string) {
    if (!isCidr(text))
      throw new Error(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
    this.text = text;
  }

  get bits(): number {
    return Number(this.text.split('/')[1]);
  }

  containsIp(address: string): boolean {
    const [network = ''] = this.text.split('/');
    const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    const list = new BlockList();
    list.addSubnet(network, this.bits, family);
    return isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
}

/** `url()`, `isURL()`, `cidr()`, `isCIDR()`, `isIP()` and what rules ask of them. */
export function registerNetwork(env: Environment): Environment {
  return env
    .registerType('URL', CelUrl)
    .registerFunction('url(string): URL', (text: string) => new CelUrl(text))
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text))
    .registerFunction('URL.getScheme(): string', ({ url }: CelUrl) => url.protocol.replace(/:$/, ''))
    .registerFunction('URL.getHost(): string', ({ url }: CelUrl) => url.host)
    .registerFunction('URL.getHostname(): string', ({ url }: CelUrl) => url.hostname)
    .registerFunction('URL.getPort(): string', ({ url }: CelUrl) => url.port)
    .registerFunction('URL.getEscapedPath(): string', ({ url }: CelUrl) => url.pathname)
    .registerType('CIDR', CelCidr)
    .registerFunction('cidr(string): CIDR', (text: string) => new CelCidr(text))
    .registerFunction('isCIDR(string): bool', (text: string) => isCidr(text))
    .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
    .registerFunction('CIDR.containsIP(string): bool', (cidr: CelCidr, address: string) => cidr.containsIp(address))
    .registerFunction('CIDR.prefixLength(): int', (cidr: CelCidr) => BigInt(cidr.bits));
}
