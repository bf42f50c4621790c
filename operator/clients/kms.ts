/**
 * The KMS as the operator may use it: it gives birth to tenant keys and binds them to another namespace. There is no
 * verb that returns a key, and none may be added: the destroyer is not the reader.
 */
export interface Kms {
  /** A new random tenant key, wrapped and bound to the context; nobody sees it. */
  generateDataKeyWithoutPlaintext(keyId: string, context: KekContext): Promise<Buffer>;
  /** The same tenant key under the same KMS key, bound to another context. Throws when it was not bound to `from`. */
  reEncrypt(keyId: string, wrapped: Uint8Array, from: KekContext, to: KekContext): Promise<Buffer>;
}

/** The encryption context: what a wrapped tenant key is bound to. */
export interface KekContext {
  readonly memplane: 'kek/1';
  readonly tenant: string;
  readonly namespace: string;
}

export const kekContext = (tenant: string, namespace: string): KekContext => ({
  memplane: 'kek/1',
  tenant,
  namespace,
});
