/**
 * Combines the levels of VS Code's settings by our own rules.
 *
 * VS Code lets `.vscode/settings.json` of a repository replace what the user set. For a tool that judges repositories that
 * would be the wrong way round: here a repository may make things stricter, never name caches or keys, and what it makes
 * weaker counts only in a trusted workspace and is told to the user.
 */

/** The values of one setting as `WorkspaceConfiguration.inspect` gives them; `undefined` where a level says nothing. */
export interface SettingLevels {
  readonly defaultValue?: unknown;
  readonly user?: unknown;
  readonly workspace?: unknown;
  readonly folder?: unknown;
}

/**
 * What a workspace may do to a setting:
 * - `user`: nothing.
 * - `free`: replace it; it only changes how things look.
 * - `when-trusted`: replace it in a trusted workspace; told to the user.
 * - `add`: add entries to a list.
 * - `stricter`: choose a later value of `order`.
 * - `smaller`: set a smaller number, or any where the user set none.
 * - `raise`: raise levels of severity; lower them in a trusted workspace, which is told.
 */
export type SettingRule =
  | { readonly kind: 'user' | 'free' | 'when-trusted' | 'add' | 'smaller' | 'raise' }
  | { readonly kind: 'stricter'; readonly order: readonly string[] };

/** The rule of every setting that the server receives, by its name below `flakeTrust`. */
export const SETTING_RULES: Readonly<Record<string, SettingRule>> = {
  enable: { kind: 'when-trusted' },
  'network.mode': { kind: 'stricter', order: ['auto', 'manual', 'offline'] },
  'network.transport': { kind: 'user' },
  'network.maxRequestsPerHost': { kind: 'user' },
  'network.auditConnections': { kind: 'user' },
  'network.timeoutSeconds': { kind: 'user' },
  caches: { kind: 'user' },
  readNixConf: { kind: 'user' },
  trustedPublicKeys: { kind: 'user' },
  reviewerKeys: { kind: 'user' },
  netrc: { kind: 'user' },
  privateInputs: { kind: 'add' },
  maxAgeDays: { kind: 'smaller' },
  allowedOwners: { kind: 'user' },
  'diagnostics.severity': { kind: 'raise' },
  'diagnostics.transitive': { kind: 'when-trusted' },
  'inlayHints.mode': { kind: 'free' },
  'codeLens.enabled': { kind: 'free' },
  exclude: { kind: 'when-trusted' },
};

export interface CombinedSettings {
  /** The section `flakeTrust`, by dotted names. Values are passed on unchecked: the server names bad ones. */
  readonly section: Readonly<Record<string, unknown>>;
  /** What the workspace made weaker, for example `enable` or `diagnostics.severity: unsigned`. */
  readonly lowered: readonly string[];
}

/** Levels of severity, weakest first. */
const SEVERITIES: readonly unknown[] = ['off', 'hint', 'information', 'warning', 'error'];

/** Combines all settings for one folder. `severityDefaults` holds the default level of each diagnostic code. */
export function combineSettings(
  levelsOf: (name: string) => SettingLevels,
  trusted: boolean,
  severityDefaults: ReadonlyMap<string, string>,
): CombinedSettings {
  const section: Record<string, unknown> = {};
  const lowered: string[] = [];
  for (const [name, rule] of Object.entries(SETTING_RULES)) {
    const levels = levelsOf(name);
    const base = levels.user ?? levels.defaultValue;
    const value = combine(name, rule, base, [levels.workspace, levels.folder], { trusted, severityDefaults, lowered });
    if (value !== undefined) section[name] = value;
  }
  return { section, lowered };
}

interface Circumstances {
  readonly trusted: boolean;
  readonly severityDefaults: ReadonlyMap<string, string>;
  readonly lowered: string[];
}

function combine(
  name: string,
  rule: SettingRule,
  base: unknown,
  levels: readonly unknown[],
  circumstances: Circumstances,
): unknown {
  const nearest = levels.findLast((value) => value !== undefined);
  switch (rule.kind) {
    case 'user':
      return base;
    case 'free':
      return nearest ?? base;
    case 'when-trusted':
      if (nearest === undefined || !circumstances.trusted) return base;
      if (JSON.stringify(nearest) !== JSON.stringify(base)) circumstances.lowered.push(name);
      return nearest;
    case 'add':
      return levels.some((value) => Array.isArray(value)) ? [base, ...levels].flatMap(listOf) : base;
    case 'stricter':
      // The server reads a user's value that is none as the strictest; a workspace must not put a milder one in its place.
      if (base !== undefined && !rule.order.some((word) => word === base)) return base;
      return levels.reduce(
        (strictest, value) => (rule.order.indexOf(String(value)) > rule.order.indexOf(String(strictest)) ? value : strictest),
        base,
      );
    case 'smaller':
      return levels.reduce(
        (smallest, value) =>
          typeof value === 'number' && !(typeof smallest === 'number' && smallest <= value) ? value : smallest,
        base,
      );
    case 'raise':
      return combineSeverities(name, base, levels, circumstances);
  }
}

function combineSeverities(name: string, base: unknown, levels: readonly unknown[], circumstances: Circumstances): unknown {
  if (!levels.some(isObject)) return base;
  const result = new Map<string, unknown>(isObject(base) ? Object.entries(base) : []);
  for (const level of levels.filter(isObject)) {
    for (const [code, wanted] of Object.entries(level)) {
      if (!SEVERITIES.includes(wanted)) continue;
      const current = result.get(code) ?? circumstances.severityDefaults.get(code);
      const raises = SEVERITIES.indexOf(wanted) >= SEVERITIES.indexOf(current);
      if (!raises && !circumstances.trusted) continue;
      if (!raises) circumstances.lowered.push(`${name}: ${code}`);
      result.set(code, wanted);
    }
  }
  return Object.fromEntries(result);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
