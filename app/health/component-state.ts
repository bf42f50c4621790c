export interface ComponentState {
  readonly status: 'ok' | 'degraded' | 'down';
  readonly detail?: string;
}
