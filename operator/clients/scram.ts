import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** On a thread of its own: a thousand tenants must not stop the loop for seconds. */
const derive = promisify(pbkdf2);

/** PostgreSQL's default; the server stores whatever count the verifier names. */
const ITERATIONS = 4096;

/**
 * The verifier that Postgres stores for a password (RFC 5803). Sent in place of the password, so that no statement
 * log of the server ever holds one.
 */
export async function scramVerifier(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  const salted = await derive(password.normalize('NFKC'), salt, ITERATIONS, 32, 'sha256');
  const key = (name: string): Buffer => createHmac('sha256', salted).update(name).digest();
  const stored = createHash('sha256').update(key('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`;
}
