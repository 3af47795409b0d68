/** The lines about a substituter or a public key inside a flake's `nixConfig`: a claim of the repository until the user accepts it. */
import type { NixConfigElement, NixConfigSetting } from '../domain/flakeNix';
import { canonicalName } from '../domain/nixConf';
import { KNOWN_KEYS_DATE, knownKeysOfName } from '../domain/knownKeys';
import { describePublicKeyError, parsePublicKey, type PublicKey } from '../domain/publicKey';
import { parseSubstituter, redactSubstituter } from '../domain/substituter';
import type { DeclaredCache } from '../engine/trustConfiguration';
import type { Icon, Line, Piece } from './richText';
import { bySeverity, type FlakeView } from './view';
import { cacheName, SHORT_WORDS } from './words';

/** Makes the paragraphs of a hover about one element of a setting; nothing for settings that name neither caches nor keys. */
export function nixConfigLines(view: FlakeView, setting: NixConfigSetting, element: NixConfigElement): Line[][] | undefined {
  const { name } = canonicalName(setting.name);
  if (name === 'substituters' || name === 'trusted-substituters') return substituterLines(view, element);
  return name === 'trusted-public-keys' ? keyLines(view, element) : undefined;
}

function substituterLines(view: FlakeView, element: NixConfigElement): Line[][] {
  const parsed = parseSubstituter(element.value);
  if (!parsed.ok) {
    return [
      [
        { facts: [[{ code: redactSubstituter(element.value) }]] },
        { icon: 'error', label: 'Cache', facts: [['not a store that Nix knows']] },
      ],
    ];
  }
  const { url, scheme } = parsed.value;
  const declared = view.declared.find((cache) => cache.url === url);
  return [
    [{ facts: [[{ strong: cacheName(url) }], [{ code: url }], [{ emphasis: 'named by this flake' }]] }],
    [
      stateLine(declared?.state ?? 'not-accepted'),
      keysLine(declared?.keys ?? []),
      ...(scheme === 'http'
        ? [{ icon: 'warning', label: 'Transport', facts: [['plain http: anybody on the way can change its answers']] } as const]
        : []),
      ...findingLines(view, element),
    ],
    [acceptLine(view, declared?.state)],
  ];
}

function stateLine(state: DeclaredCache['state']): Line {
  const [icon, words] = STATES[state];
  return { icon, label: 'Cache', facts: [[words]] };
}

const STATES: Readonly<Record<DeclaredCache['state'], readonly [Icon, string]>> = {
  'in-use': ['database', 'your own configuration asks it'],
  accepted: ['database', 'you accepted it'],
  'not-accepted': ['circle-slash', 'not asked: only this repository names it'],
  refused: ['circle-slash', 'not asked: you refused it in Nix'],
};

function keysLine(keys: readonly string[]): Line {
  if (keys.length === 0) return { icon: 'key', label: 'Keys', facts: [['none named that could sign for it']] };
  const named = keys
    .slice(0, 3)
    .flatMap((key, index): Piece[] => [...(index === 0 ? [] : [', ']), { code: key.split(':', 1)[0] ?? key }]);
  return {
    icon: 'key',
    label: 'Keys',
    facts: [['named with it: ', ...named, ...(keys.length > 3 ? [` and ${keys.length - 3} more`] : [])]],
  };
}

function keyLines(view: FlakeView, element: NixConfigElement): Line[][] {
  const parsed = parsePublicKey(element.value);
  if (!parsed.ok) {
    // The text is not repeated: somebody may have put a secret key there.
    return [
      [{ facts: [['public key'], [{ emphasis: 'named by this flake' }]] }],
      [{ icon: 'error', label: 'Key', facts: [[describePublicKeyError(parsed.error)]] }],
    ];
  }
  const key = parsed.value;
  return [
    [{ facts: [[{ strong: key.name }], ['public key'], [{ emphasis: 'named by this flake' }]] }],
    [trustLine(view, key), knownLine(key), ...findingLines(view, element)],
    [
      {
        facts: [
          isTrusted(view, key) ? [] : [{ command: 'addKey', label: 'Add trusted key…', argument: key.text }],
          ...acceptLine(view, undefined).facts,
          explainFact(view, element),
        ],
      },
    ],
  ];
}

function isTrusted({ configuration }: FlakeView, key: PublicKey): boolean {
  return configuration.trusted.byName.get(key.name)?.text === key.text;
}

function trustLine(view: FlakeView, key: PublicKey): Line {
  if (isTrusted(view, key)) return { icon: 'verified', label: 'Trust', facts: [['in your trusted keys']] };
  if (view.configuration.trusted.byName.has(key.name))
    return { icon: 'error', label: 'Trust', facts: [['you trust ', { strong: 'another' }, ' key of this name']] };
  return { icon: 'circle-slash', label: 'Trust', facts: [['not in your trusted keys: its signatures do not count']] };
}

/** What our dated table says of the name. */
function knownLine(key: PublicKey): Line {
  const known = knownKeysOfName(key.name);
  const same = known.find((candidate) => candidate.key === key.text);
  const asOf = [`as of ${KNOWN_KEYS_DATE}`];
  if (same?.neverTrust) return { icon: 'error', label: 'Known', facts: [['a test key that nobody should trust'], asOf] };
  if (same !== undefined) {
    const tenants = same.tenancy === 'shared' ? ['many tenants share it'] : [];
    return { icon: 'info', label: 'Known', facts: [['as the key of ', { code: cacheName(same.cache) }], tenants, asOf] };
  }
  const [other] = known;
  if (other === undefined) return { facts: [] };
  return {
    icon: 'error',
    label: 'Known',
    facts: [[{ code: cacheName(other.cache) }, ' is known to use ', { strong: 'another' }, ' key of this name'], asOf],
  };
}

/** The reported findings at an element, for example a malformed key. */
function findingLines(view: FlakeView, element: NixConfigElement): Line[] {
  return findingsAt(view, element).map(({ code, severity }) => ({
    icon: severity === 'error' ? 'error' : severity === 'warning' ? 'warning' : 'info',
    label: 'Finding',
    facts: [[SHORT_WORDS[code]]],
  }));
}

function findingsAt(view: FlakeView, { span }: NixConfigElement) {
  return view.findings
    .filter(({ place }) => place?.file === 'flake.nix' && place.span.start < span.end && span.start < place.span.end)
    .sort(bySeverity)
    .slice(0, 2);
}

function explainFact(view: FlakeView, element: NixConfigElement): Piece[] {
  const [finding] = findingsAt(view, element);
  return finding === undefined ? [] : [{ command: 'explain', label: 'What this means', argument: finding.code }];
}

function acceptLine(view: FlakeView, state: DeclaredCache['state'] | undefined): Line {
  const open = state === undefined ? view.declared.some((cache) => isOpen(cache.state)) : isOpen(state);
  if (!open) return { facts: [] };
  if (view.access === 'restricted') return { facts: [[{ command: 'manageTrust', label: 'Manage trust' }]] };
  const argument = view.references.idOf({ kind: 'flake', dir: view.dir });
  return { facts: [[{ command: 'acceptCaches', label: "Accept this flake's caches…", argument }]] };
}

function isOpen(state: DeclaredCache['state']): boolean {
  return state === 'not-accepted' || state === 'refused';
}
