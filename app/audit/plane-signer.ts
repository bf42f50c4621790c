/**
 * A key of the plane: ECDSA P-256 over SHA-256, in a KMS that never gives it away. It signs checkpoints, anchors,
 * certificates and manifests; never single events, which would cost a call each.
 */
export interface PlaneSigner {
  /** DER, SubjectPublicKeyInfo. */
  publicKey(): Promise<Buffer>;
  /** DER, Ecdsa-Sig-Value. */
  sign(message: Uint8Array): Promise<Buffer>;
}
