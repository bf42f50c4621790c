/** Either shape keeps the tenant's key from the operator: by a verb that hides it, or by making none. */
export type OperatorKms = Kms | TenantKms;

export const hidesKeys = (kms: OperatorKms): kms is Kms => 'reEncrypt' in kms;

/**
 * Where a cloud has no verb that hides a new key from whoever asks for it: a KMS key a tenant, which the operator makes, gives
 * to that tenant's pods, takes away and destroys, and may itself not use. The tenant key is born and wrapped in the pod. Each
 * call may be repeated at any time, also by two operators at once.
 */
export interface TenantKms {
  /** Makes the tenant's key, or finds the one that an earlier attempt made; answers its id once it can be used. */
  ensureKey(tenantId: string): Promise<string>;
  /** From here on the pods of this namespace may use the key, and nobody else. */
  admit(tenantId: string, namespace: string): Promise<void>;
  /** Nobody may use it. */
  dismiss(tenantId: string): Promise<void>;
  /** Begins its destruction; the cloud ends it after its waiting time. */
  destroyKey(tenantId: string): Promise<void>;
}

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
