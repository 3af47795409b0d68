/**
 * The few codicons that the page shows, as drawings in the bundle: a tenth of the font's size, and the page's policy allows no font.
 */
import arrowDown from '@vscode/codicons/src/icons/arrow-small-down.svg';
import arrowUp from '@vscode/codicons/src/icons/arrow-small-up.svg';
import back from '@vscode/codicons/src/icons/arrow-left.svg';
import absent from '@vscode/codicons/src/icons/circle-slash.svg';
import check from '@vscode/codicons/src/icons/check.svg';
import chevron from '@vscode/codicons/src/icons/chevron-right.svg';
import close from '@vscode/codicons/src/icons/close.svg';
import copy from '@vscode/codicons/src/icons/copy.svg';
import diff from '@vscode/codicons/src/icons/git-compare.svg';
import download from '@vscode/codicons/src/icons/cloud-download.svg';
import error from '@vscode/codicons/src/icons/error.svg';
import exportIcon from '@vscode/codicons/src/icons/export.svg';
import file from '@vscode/codicons/src/icons/go-to-file.svg';
import hint from '@vscode/codicons/src/icons/lightbulb.svg';
import home from '@vscode/codicons/src/icons/vm.svg';
import info from '@vscode/codicons/src/icons/info.svg';
import key from '@vscode/codicons/src/icons/key.svg';
import lock from '@vscode/codicons/src/icons/lock.svg';
import question from '@vscode/codicons/src/icons/question.svg';
import refresh from '@vscode/codicons/src/icons/refresh.svg';
import search from '@vscode/codicons/src/icons/search.svg';
import server from '@vscode/codicons/src/icons/server.svg';
import tools from '@vscode/codicons/src/icons/tools.svg';
import unverified from '@vscode/codicons/src/icons/unverified.svg';
import verified from '@vscode/codicons/src/icons/verified-filled.svg';
import warning from '@vscode/codicons/src/icons/warning.svg';

const TEXTS = {
  absent,
  arrowDown,
  arrowUp,
  back,
  check,
  chevron,
  close,
  copy,
  diff,
  download,
  error,
  export: exportIcon,
  file,
  hint,
  home,
  info,
  key,
  lock,
  question,
  refresh,
  search,
  server,
  tools,
  unverified,
  verified,
  warning,
} as const;

export type IconName = keyof typeof TEXTS;

const drawings = new Map<IconName, Element>();

/** A drawing that a screen reader passes over: the text beside it says the same. */
export function icon(name: IconName, className = ''): Element {
  let drawing = drawings.get(name);
  if (drawing === undefined) {
    drawing = new DOMParser().parseFromString(TEXTS[name], 'image/svg+xml').documentElement;
    drawing.setAttribute('aria-hidden', 'true');
    drawing.setAttribute('class', 'icon');
    drawings.set(name, drawing);
  }
  const copied = document.importNode(drawing, true);
  if (className !== '') copied.setAttribute('class', `icon ${className}`);
  return copied;
}

export const VERDICT_ICONS: Readonly<Record<string, IconName>> = {
  verified: 'verified',
  'content-addressed': 'lock',
  'untrusted-key': 'unverified',
  unsigned: 'warning',
  absent: 'absent',
  unknown: 'question',
  'invalid-signature': 'error',
  'hash-mismatch': 'diff',
};

export const SEVERITY_ICONS = { error: 'error', warning: 'warning', information: 'info', hint: 'hint' } as const;
