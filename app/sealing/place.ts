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

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const U32 = 0xffff_ffff;

/** tenantId(16) ‖ lp(table) ‖ rowId(16) ‖ u32 rowVersion: the part of the associated data that the row itself supplies. */
export function buildPlaceBytes(tenantId: string, place: Place): Buffer {
  const table = Buffer.from(place.table, 'utf8');
  if (table.length === 0 || table.length > 255) {
    throw placeInvalid('table', place.table, 'the name of the table, 1 to 255 bytes');
  }
  const bytes = Buffer.alloc(16 + 2 + table.length + 16 + 4);
  writeUuid(bytes, 0, tenantId, 'tenantId');
  bytes.writeUInt16BE(table.length, 16);
  bytes.set(table, 18);
  writeUuid(bytes, 18 + table.length, place.rowId, 'rowId');
  bytes.writeUInt32BE(checkVersion(place.rowVersion), 34 + table.length);
  return bytes;
}

export function uuidBytes(uuid: string, field = 'uuid'): Buffer {
  const bytes = Buffer.alloc(16);
  writeUuid(bytes, 0, uuid, field);
  return bytes;
}

function writeUuid(bytes: Buffer, at: number, uuid: string, field: string): void {
  if (!UUID.test(uuid)) throw placeInvalid(field, uuid, 'a UUID with dashes');
  bytes.write(uuid.replaceAll('-', ''), at, 'hex');
}

function checkVersion(version: number): number {
  if (!Number.isInteger(version) || version < 0 || version > U32) {
    throw placeInvalid('rowVersion', version, `an integer from 0 to ${U32}`);
  }
  return version;
}
