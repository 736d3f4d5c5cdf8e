/** How what is posted for an option is put together with what it is without. */
export type ChangedBy =
  /** It replaces the value. */
  | 'value'
  /** Its entries, by names that are data, replace entries of the same name. */
  | 'name'
  /** Its fields, by names that are ours, replace fields of the same name. */
  | 'field'
  /** Its entries replace entries of the same meaning. */
  | 'threshold';

/** An option that can be changed while replicas run. */
export interface Changeable {
  /** Name in code; null for what is no option in code. */
  readonly option: string | null;
  readonly by: ChangedBy;
  /** Of an option that is a group: its only field that can be changed, by its name in code. */
  readonly field?: string;
}

/** Everything that can be posted, by its name in the document. All else can be set in code only. */
export const changeable: ReadonlyMap<string, Changeable> = new Map(
  Object.entries<Changeable>({
    alert_evaluation_interval_seconds: { option: 'alerts', by: 'value', field: 'evaluationIntervalSeconds' },
    alert_thresholds: { option: null, by: 'threshold' },
    apdex_ms: { option: 'apdexMs', by: 'name' },
    body_bytes: { option: 'bodyBytes', by: 'value' },
    daily_token_limit: { option: 'dailyTokenLimit', by: 'value' },
    exclude: { option: 'exclude', by: 'value' },
    live_clients: { option: 'liveClients', by: 'value' },
    log_level: { option: 'logLevel', by: 'value' },
    operation_thresholds_ms: { option: 'operationThresholdsMs', by: 'name' },
    publish_interval_ms: { option: 'publishIntervalMs', by: 'value' },
    rate_limits: { option: 'rateLimits', by: 'field' },
    sample_interval_ms: { option: 'sampleIntervalMs', by: 'value' },
    shutdown_timeout_ms: { option: 'shutdownTimeoutMs', by: 'value' },
  }),
);

/** What a place is within its option, by its name in code; undefined for the whole option. @param entry of the place */
export function partOf({ by, field }: Changeable, entry: string | undefined): string | undefined {
  return entry !== undefined && by === 'field' ? camelCase(entry) : (entry ?? field);
}

/** The spelling of code: `reads_per_minute` → `readsPerMinute`. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The spelling of data: `readsPerMinute` → `reads_per_minute`. Anything but a name of ours stays as it is. */
export function snakeCase(name: string): string {
  return /^[a-z][a-zA-Z0-9]*$/.test(name) ? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
}
