import { placeInvalid } from './errors.js';

/** Where a sealed value lives within its tenant (the slot key knows the tenant). It opens there and nowhere else. */
export interface Place {
  readonly table: string;
  /** A UUID. */
  readonly rowId: string;
  readonly rowVersion: number;
  /** On opening, whose row it is: a value of another slot is refused. @default the slot that its header names */
  readonly slot?: number | undefined;
}

const UUID_LENGTH = 36;
const DASH = 0x2d;
const NO_DIGIT = 0x80;
/** The value of each hexadecimal digit by its character. */
const HEX = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit < 0 ? NO_DIGIT : digit;
});

const U32 = 0xffff_ffff;
/** More names than there are tables: a bound all the same. */
const MOST_TABLES = 100;

/** tenantId(16) ‖ lp(table) ‖ rowId(16) ‖ u32 rowVersion: the part of the associated data that the row itself supplies. */
export function buildPlaceBytes(tenantId: string, place: Place): Buffer {
  const table = tableBytes(place.table);
  if (table.length === 0 || table.length > 255) {
    throw placeInvalid('table', place.table, 'the name of the table, 1 to 255 bytes');
  }
  // Every byte is written below. Out of the pool: memory of its own costs more than what it is for.
  const bytes = Buffer.allocUnsafe(16 + 2 + table.length + 16 + 4);
  writeUuid(bytes, 0, tenantId, 'tenantId');
  bytes.writeUInt16BE(table.length, 16);
  bytes.set(table, 18);
  writeUuid(bytes, 18 + table.length, place.rowId, 'rowId');
  bytes.writeUInt32BE(checkVersion(place.rowVersion), 34 + table.length);
  return bytes;
}

const tables = new Map<string, Buffer>();

/** There are few tables, and each is named by every value. */
function tableBytes(name: string): Buffer {
  const known = tables.get(name);
  if (known) return known;
  const bytes = Buffer.from(name, 'utf8');
  if (tables.size < MOST_TABLES) tables.set(name, bytes);
  return bytes;
}

export function uuidBytes(uuid: string, field = 'uuid'): Buffer {
  const bytes = Buffer.alloc(16);
  writeUuid(bytes, 0, uuid, field);
  return bytes;
}

/** Its 16 bytes. By hand: every row has a dozen, and an expression with a copy without dashes costs ten times as much. */
export function writeUuid(bytes: Buffer, at: number, uuid: string, field: string): void {
  let wrong = uuid.length !== UUID_LENGTH;
  let to = at;
  for (let from = 0; from < UUID_LENGTH && !wrong; from += 2) {
    if (from === 8 || from === 13 || from === 18 || from === 23) {
      if (uuid.charCodeAt(from) !== DASH) wrong = true;
      from += 1;
    }
    const high = HEX[uuid.charCodeAt(from)] ?? NO_DIGIT;
    const low = HEX[uuid.charCodeAt(from + 1)] ?? NO_DIGIT;
    if ((high | low) & NO_DIGIT) wrong = true;
    else bytes[to++] = (high << 4) | low;
  }
  if (wrong) throw placeInvalid(field, uuid, 'a UUID with dashes');
}

function checkVersion(version: number): number {
  if (!Number.isInteger(version) || version < 0 || version > U32) {
    throw placeInvalid('rowVersion', version, `an integer from 0 to ${U32}`);
  }
  return version;
}
