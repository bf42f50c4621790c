import type { PodSecurityContext, SecurityContext } from 'kubernetes-types/core/v1.js';

/** The image's own user. A number, because the kubelet cannot know whether a name is root. */
const USER = 65_532;

/** What the Pod Security Standard `restricted` asks for, and a root file system that nobody writes to. */
export const POD_SECURITY_CONTEXT: PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
};

export const CONTAINER_SECURITY_CONTEXT: SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
