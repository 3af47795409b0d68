/**
 * The inventory of what a build downloads: the fixed-output derivations behind it. No binary signature covers them; that their content is
 * what somebody once looked at rests on the hash alone, and where it comes from on the words of whoever wrote the derivation.
 */
import { compareText } from '../util/compare';
import { plainText } from '../util/plainText';
import type { Derivation, FixedOutput } from './derivation';
import { parseNixUrl, printNixUrl } from './flakeRef/url';
import { withoutSecrets } from './flakeRef/credentials';
import type { HashAlgorithm } from './hash';
import type { StorePath } from './storePath';

/**
 * What is to be said of a source. `weak-hash`: MD5 or SHA-1, for which other content with the same hash can be made; `plain-http`: fetched
 * without encryption, so that others see it and only the hash protects it; `no-url`: nothing says where it comes from (a vendored set of dependencies, for example).
 */
export type SourceIssue = 'weak-hash' | 'plain-http' | 'no-url';

export interface FixedSource {
  readonly drvPath: StorePath;
  readonly name: string;
  /** Absent where Nix has no path for that kind of hash. */
  readonly storePath?: StorePath;
  readonly algorithm: HashAlgorithm;
  /** SRI. */
  readonly hash: string;
  readonly method: FixedOutput['method'];
  /** In the order in which they are tried; harmless to print, without user-info and secret parameters. */
  readonly urls: readonly SourceUrl[];
  /** Revision, tag or branch, where the fetcher was given one. */
  readonly rev?: string;
  /** In the order of the type. */
  readonly issues: readonly SourceIssue[];
}

export interface SourceUrl {
  readonly url: string;
  /** Lower case; empty where the text is no URL. */
  readonly scheme: string;
  readonly host?: string;
  /** For `mirror://gnu/…`, `gnu`: nixpkgs has a list of servers for it, some of which speak plain http. */
  readonly mirror?: string;
}

export interface FixedSourceTotals {
  readonly sources: number;
  readonly byAlgorithm: Readonly<Partial<Record<HashAlgorithm, number>>>;
  /** Each source under the host of its first URL; `mirror:gnu` for mirrors. */
  readonly byHost: readonly { readonly host: string; readonly sources: number }[];
  readonly byIssue: Readonly<Record<SourceIssue, number>>;
}

const WEAK: ReadonlySet<HashAlgorithm> = new Set<HashAlgorithm>(['md5', 'sha1']);
/** Everything that anybody on the way can read and change. */
const PLAIN: ReadonlySet<string> = new Set(['http', 'ftp', 'git', 'svn', 'git+http', 'svn+http']);

/** Tells whether whoever is on the way can read and change what is fetched by this scheme. */
export function isPlainScheme(scheme: string): boolean {
  return PLAIN.has(scheme);
}

/** A derivation may name thousands of mirrors; nobody reads on. */
const MAX_URLS = 20;
const MAX_URL_LENGTH = 500;

/** Lists the sources of a build closure, sorted by name and derivation. */
export function fixedSources(derivations: Iterable<Derivation>): FixedSource[] {
  const sources: FixedSource[] = [];
  for (const derivation of derivations) {
    if (derivation.fixed !== undefined) sources.push(fixedSource(derivation, derivation.fixed));
  }
  return sources.sort((a, b) => compareText(a.name, b.name) || compareText(a.drvPath, b.drvPath));
}

/** Counts. Hosts come by how many sources they have. */
export function fixedSourceTotals(sources: readonly FixedSource[]): FixedSourceTotals {
  const byAlgorithm: Partial<Record<HashAlgorithm, number>> = {};
  const byIssue: Record<SourceIssue, number> = { 'weak-hash': 0, 'plain-http': 0, 'no-url': 0 };
  const byHost = new Map<string, number>();
  for (const { algorithm, issues, urls } of sources) {
    byAlgorithm[algorithm] = (byAlgorithm[algorithm] ?? 0) + 1;
    for (const issue of issues) byIssue[issue]++;
    const [first] = urls;
    const host = first?.mirror === undefined ? first?.host : `mirror:${first.mirror}`;
    if (host !== undefined) byHost.set(host, (byHost.get(host) ?? 0) + 1);
  }
  return {
    sources: sources.length,
    byAlgorithm,
    byHost: [...byHost]
      .map(([host, count]) => ({ host, sources: count }))
      .sort((a, b) => b.sources - a.sources || compareText(a.host, b.host)),
    byIssue,
  };
}

function fixedSource({ path, name, outputs }: Derivation, { method, hash, variables }: FixedOutput): FixedSource {
  const words = `${variables.get('urls') ?? ''} ${variables.get('url') ?? ''}`.split(/\s+/).filter((word) => word !== '');
  const urls = [...new Set(words)].slice(0, MAX_URLS).map(sourceUrl);
  const rev = variables.get('rev') ?? variables.get('tag') ?? variables.get('ref');
  const [output] = outputs.values();
  const issues: SourceIssue[] = [];
  if (WEAK.has(hash.algorithm)) issues.push('weak-hash');
  if (urls.some(({ scheme }) => isPlainScheme(scheme))) issues.push('plain-http');
  if (urls.length === 0) issues.push('no-url');
  return {
    drvPath: path,
    name,
    ...(output?.path === undefined ? {} : { storePath: output.path }),
    algorithm: hash.algorithm,
    hash: `${hash.algorithm}-${hash.bytes.toString('base64')}`,
    method,
    urls,
    ...(rev === undefined ? {} : { rev: plainText(rev, 100) }),
    issues,
  };
}

function sourceUrl(text: string): SourceUrl {
  const parsed = parseNixUrl(text);
  if (parsed === undefined) {
    // No URL as Nix reads them; the fetcher may still take it. Whatever looks like a login in it is not shown.
    const shown = text.replace(/\/\/[^/?#]*@/, '//').replace(/\?.*$/s, '');
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? '';
    const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([\w.-]+)/i.exec(text)?.[1]?.toLowerCase();
    return { url: plainText(shown, MAX_URL_LENGTH), scheme, ...(host === undefined ? {} : { host }) };
  }
  const scheme = parsed.scheme.toLowerCase();
  const host = parsed.authority?.host.toLowerCase() ?? '';
  const url = plainText(printNixUrl(withoutSecrets(parsed)), MAX_URL_LENGTH);
  if (scheme === 'mirror') return { url, scheme, mirror: plainText(host, 100) };
  return { url, scheme, ...(host === '' ? {} : { host: plainText(host, 200) }) };
}
