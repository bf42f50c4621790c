/** The KMS of a tenant's pod: it may unwrap its own tenant key, nothing else. The operator's interface has no decrypt. */
export interface Kms {
  /** The 32 bytes of a tenant key. Throws `KeyError` `KmsRefused` when key, context or bytes do not belong together. */
  decrypt(keyId: string, wrapped: Uint8Array, context: KekContext): Promise<Buffer>;
}

/** Where tenant keys are born and re-wrapped in the tenant's own pod: Google and Azure have no verb that hides the key. */
export interface WrappingKms extends Kms {
  encrypt(keyId: string, key: Uint8Array, context: KekContext): Promise<WrappedKey>;
}

export interface WrappedKey {
  readonly wrapped: Buffer;
  /** What unwraps it: on Azure the version of the key that wrapped. */
  readonly keyId: string;
}

export const canWrap = (kms: object): kms is WrappingKms => 'encrypt' in kms;

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
