/** How far an audit of closures is, as the editor shows it. */
import type { WorkDoneProgressReporter } from 'vscode-languageserver';
import type { ClosureProgress } from '../engine/closure/request';
import type { Clock } from '../engine/ports';
import { plural } from '../features/summary';
import { cacheName } from '../features/words';
import type { Stage } from './closureAudits';

/** Progress is told so often at most, in milliseconds. */
const TELL_MS = 200;

/** Says how far an audit is, from its beginning on and not too often. */
export class AuditProgress {
  readonly #reporter: WorkDoneProgressReporter;
  readonly #clock: Clock;
  readonly #since: number;
  readonly #ticking: NodeJS.Timeout;
  #stage: Stage | undefined;
  #toldAt = 0;
  #details = '';

  constructor(reporter: WorkDoneProgressReporter, clock: Clock, title: string) {
    this.#reporter = reporter;
    this.#clock = clock;
    this.#since = clock.now();
    reporter.begin(title, undefined, undefined, true);
    // Evaluating takes a minute sometimes, and Nix says nothing meanwhile: the time shows that it goes on.
    this.#ticking = setInterval(() => this.#tell(), 1000);
  }

  stage(stage: Stage): void {
    if (stage === this.#stage) return;
    this.#stage = stage;
    this.#details = '';
    this.#tell();
  }

  progress({ found, answered, verified, requestsPerSecond, perCache }: ClosureProgress): void {
    const caches = perCache
      .filter(({ asked }) => asked > 0)
      .slice(0, 3)
      .map((cache) => `${cacheName(cache.url)}: ${cache.found} of ${cache.asked}`);
    this.#details = [
      this.#stage === 'walking' ? `${answered} of ${plural(found, 'path')}` : `${plural(answered, 'path')} looked up`,
      `${verified} verified`,
      ...(requestsPerSecond > 0 ? [`${requestsPerSecond} requests/s`] : []),
      ...caches,
    ].join(' · ');
    if (this.#clock.now() - this.#toldAt >= TELL_MS) this.#tell();
  }

  done(): void {
    clearInterval(this.#ticking);
    this.#reporter.done();
  }

  #tell(): void {
    const now = this.#clock.now();
    this.#toldAt = now;
    const seconds = Math.floor((now - this.#since) / 1000);
    if (this.#stage === undefined) {
      this.#reporter.report('waiting for another audit to end');
      return;
    }
    const time = this.#stage === 'evaluating' && seconds > 0 ? ` (${seconds} s)` : '';
    this.#reporter.report(`${STAGES[this.#stage]}${time}${this.#details === '' ? '' : `: ${this.#details}`}`);
  }
}

const STAGES: Readonly<Record<Stage, string>> = {
  evaluating: 'Nix evaluates the flake',
  planning: 'finding out what would be fetched and built',
  walking: 'asking caches',
  attributing: 'finding out which input each path comes from',
};
