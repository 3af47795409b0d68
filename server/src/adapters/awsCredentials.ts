/** Finds the credentials for private S3 buckets where Amazon's own tools keep them. */
import type { Environment, Files } from '../engine/ports';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const MAX_FILE_BYTES = 256 * 1024;

/**
 * Looks credentials up: a named profile in the shared files; without a name, the environment, then `AWS_PROFILE` or the default profile.
 * Nothing is asked over the network and nothing is run (no instance metadata, no `credential_process`, no single sign-on).
 */
export async function findAwsCredentials(
  profile: string | undefined,
  { variables, home }: Environment,
  files: Files,
  signal: AbortSignal,
): Promise<AwsCredentials | undefined> {
  if (profile === undefined) {
    const fromEnvironment = credentials(
      variables['AWS_ACCESS_KEY_ID'],
      variables['AWS_SECRET_ACCESS_KEY'],
      variables['AWS_SESSION_TOKEN'],
    );
    if (fromEnvironment !== undefined) return fromEnvironment;
  }
  const name = nonEmpty(profile) ?? nonEmpty(variables['AWS_PROFILE']) ?? 'default';
  const sources = [
    { path: nonEmpty(variables['AWS_SHARED_CREDENTIALS_FILE']) ?? `${home}/.aws/credentials`, section: name },
    {
      path: nonEmpty(variables['AWS_CONFIG_FILE']) ?? `${home}/.aws/config`,
      section: name === 'default' ? name : `profile ${name}`,
    },
  ];
  for (const { path, section } of sources) {
    const read = await files.read(path, MAX_FILE_BYTES, signal);
    if (read.kind !== 'read') continue;
    const keys = readSection(read.text, section);
    const found = credentials(keys.get('aws_access_key_id'), keys.get('aws_secret_access_key'), keys.get('aws_session_token'));
    if (found !== undefined) return found;
  }
  return undefined;
}

function credentials(id: string | undefined, secret: string | undefined, token: string | undefined): AwsCredentials | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = [nonEmpty(id), nonEmpty(secret), nonEmpty(token)];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** Reads one section of an INI file; a section that occurs again goes on, a repeated key counts last. */
function readSection(text: string, wanted: string): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  let inside = false;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const section = /^\[([^\]]*)\]/.exec(line)?.[1];
    if (section !== undefined) inside = section.trim().replace(/\s+/g, ' ') === wanted;
    const equals = line.indexOf('=');
    if (!inside || section !== undefined || equals < 1 || line.startsWith('#') || line.startsWith(';')) continue;
    keys.set(line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim());
  }
  return keys;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
