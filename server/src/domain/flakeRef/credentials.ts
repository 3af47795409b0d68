/** Secrets inside references: where they stand, and how to print a URL without them. */
import type { Span } from '../../util/span';
import { percentDecode, type NixUrl } from './url';

/**
 * Query parameters by which forges and object stores pass a secret. All of them are cut when a URL is printed; those of them
 * that mean nothing else are reported as well.
 */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  'access_token',
  'api_key',
  'apikey',
  'auth_token',
  'job_token',
  'oauth_token',
  'password',
  'private_token',
  'token',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
  'x-goog-signature',
]);
const DOUBTFUL_PARAMETERS: ReadonlySet<string> = new Set(['auth', 'authorization', 'key', 'sig', 'signature']);

/** Tells whether the value of a query parameter must not be shown. */
export function isSecretParameter(name: string): boolean {
  const lower = name.toLowerCase();
  return SECRET_PARAMETERS.has(lower) || DOUBTFUL_PARAMETERS.has(lower);
}

/** Drops user-info and secret parameters. The user name is cut as well: with tokens it is the secret. */
export function withoutSecrets(url: NixUrl): NixUrl {
  const query = new Map([...url.query].filter(([name]) => !isSecretParameter(name)));
  if (url.authority === undefined) return { ...url, query };
  const { host, port } = url.authority;
  return { ...url, query, authority: { host, ...(port === undefined ? {} : { port }) } };
}

/** A secret inside a reference. */
export interface Credential {
  /** Only the secret's own place: the user-info without its `@`, or the value of a parameter. */
  readonly span: Span;
  /** What an editor may take out so that a valid URL remains. */
  readonly removal: Span;
}

/** Beginnings of the tokens of GitHub, GitLab, Forgejo and others; and what is too long for a name that a person chose. */
const TOKEN = /^(?:gh[pousr]_|github_pat_|glpat-|gl[a-z]{2,5}-|x-access-token|x-token-auth|oauth2)|^[\w.-]{24,}$/;

/**
 * Finds the first secret in the text of a reference or URL: a password, a token in place of a user name of an http(s) URL, or a
 * token in the query. `ssh://git@host` has none.
 */
export function findCredential(text: string): Credential | undefined {
  return credentialInUserInfo(text) ?? credentialInQuery(text);
}

function credentialInUserInfo(text: string): Credential | undefined {
  const beginning = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)@/i.exec(text);
  if (beginning === null) return undefined;
  const [, scheme = '', userInfo = ''] = beginning;
  const colon = userInfo.indexOf(':');
  const hasPassword = colon >= 0 && colon < userInfo.length - 1;
  const isToken = /(?:^|\+)https?$/i.test(scheme) && TOKEN.test(colon < 0 ? userInfo : userInfo.slice(0, colon));
  if (!hasPassword && !isToken) return undefined;
  const start = scheme.length + '://'.length;
  const end = start + userInfo.length;
  return { span: { start, end }, removal: { start, end: end + 1 } };
}

function credentialInQuery(text: string): Credential | undefined {
  const question = text.indexOf('?');
  if (question < 0) return undefined;
  const hash = text.indexOf('#', question);
  const queryEnd = hash < 0 ? text.length : hash;
  let start = question + 1;
  for (const parameter of text.slice(start, queryEnd).split('&')) {
    const end = start + parameter.length;
    const equals = parameter.indexOf('=');
    const name = percentDecode(parameter.slice(0, Math.max(0, equals)))?.toLowerCase();
    if (name !== undefined && SECRET_PARAMETERS.has(name) && equals < parameter.length - 1) {
      // With the `&` behind it, else with the `?` or `&` in front.
      const removal = end < queryEnd ? { start, end: end + 1 } : { start: start - 1, end };
      return { span: { start: start + equals + 1, end }, removal };
    }
    start = end + 1;
  }
  return undefined;
}
