/** A form as VS Code's quick input: one question a step, a button back, and nothing lost on the way. */
import * as vscode from 'vscode';
import { plain, plainLabel, plainMessage } from './foreignText';

/** The answers given so far, by the question's key. A text and a single choice are lists of one. */
export type Answers = Map<string, readonly string[]>;

interface QuestionBase {
  readonly key: string;
  /** The answer to start from. */
  readonly value: readonly string[];
  /** Says what is asked; for texts, beneath the line. */
  readonly prompt: string;
  /** Why an answer cannot be taken; nothing when it can. */
  readonly problem?: (value: readonly string[]) => string | undefined;
}

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

export type Question =
  | (QuestionBase & { readonly kind: 'one' | 'some'; readonly options: readonly Option[] })
  | (QuestionBase & { readonly kind: 'text'; readonly placeholder?: string });

export interface Form {
  readonly title: string;
  /** The questions that the answers of now lead to. Those behind the one that is asked may change with its answer. */
  readonly questions: (answers: Answers) => readonly Question[];
  /** Steps that the caller has behind the last question. */
  readonly further: number;
}

/**
 * Asks, from the first question or the last one, until all are answered. Every answer goes to `answers` as soon as it is given, and so does
 * what stands in a step that the user leaves. False when the user cancelled.
 */
export async function askForm({ title, questions, further }: Form, answers: Answers, from: 'first' | 'last'): Promise<boolean> {
  let step = from === 'first' ? 0 : questions(answers).length - 1;
  for (;;) {
    const all = questions(answers);
    const question = all[step];
    if (question === undefined) return true;
    const place: Place = { title, step: step + 1, totalSteps: all.length + further };
    const { left, value } = await (question.kind === 'text' ? askText(question, place) : askChoice(question, place));
    answers.set(question.key, value);
    if (left === 'cancelled') return false;
    step += left === 'back' ? -1 : 1;
  }
}

/**
 * One choice on a step of its own, for example behind a form: the value chosen, `back`, or nothing when the user cancelled. No option is
 * marked at first, so that who presses Enter once too often has chosen nothing.
 */
export async function askLast<T extends string>(
  place: Place,
  prompt: string,
  options: readonly (Option & { readonly value: T })[],
): Promise<T | 'back' | undefined> {
  const { left, value } = await askChoice({ kind: 'one', key: '', value: [], prompt, options }, place);
  return left === 'back' ? left : left === 'cancelled' ? undefined : options.find((option) => option.value === value[0])?.value;
}

export interface Place {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

interface Left {
  readonly left: 'next' | 'back' | 'cancelled';
  readonly value: readonly string[];
}

interface Item extends vscode.QuickPickItem {
  readonly value?: string;
}

function askChoice(question: Extract<Question, { kind: 'one' | 'some' }>, place: Place): Promise<Left> {
  const { kind, value, prompt, options, problem } = question;
  const pick = vscode.window.createQuickPick<Item>();
  const items = options.map((option): Item => ({
    value: option.value,
    label: plainLabel(option.label),
    ...(option.description === undefined ? {} : { description: plainLabel(option.description) }),
    ...(option.detail === undefined ? {} : { detail: plainLabel(option.detail) }),
  }));
  const chosen = items.filter((item) => value.includes(item.value ?? ''));
  pick.items = items;
  pick.placeholder = prompt;
  pick.matchOnDescription = true;
  pick.canSelectMany = kind === 'some';
  if (kind === 'some') pick.selectedItems = chosen;
  else pick.activeItems = chosen;
  const current = () => {
    const marked = (kind === 'some' ? pick.selectedItems : pick.activeItems).flatMap((item) => item.value ?? []);
    // Where the filter leaves nothing to choose, the choice of before stays.
    return kind === 'one' && marked.length === 0 ? value : marked;
  };
  return run(pick, place, current, (answer) => {
    if (kind === 'one' && answer.length === 0) return false;
    const wrong = problem?.(answer);
    if (wrong !== undefined) {
      // A pick has no line for messages; its placeholder is read out when it changes.
      pick.value = '';
      pick.placeholder = wrong;
    }
    return wrong === undefined;
  });
}

function askText(question: Extract<Question, { kind: 'text' }>, place: Place): Promise<Left> {
  const { value, prompt, placeholder, problem } = question;
  const input = vscode.window.createInputBox();
  input.value = value[0] ?? '';
  input.prompt = plainMessage(prompt, 400);
  if (placeholder !== undefined) input.placeholder = placeholder;
  const check = (text: string) => {
    const wrong = problem?.([text]);
    input.validationMessage = wrong;
    return wrong === undefined;
  };
  // An empty line is no mistake before it was tried.
  input.onDidChangeValue((text) => {
    if (text.trim() === '') input.validationMessage = undefined;
    else check(text);
  });
  return run(
    input,
    place,
    () => [input.value.trim()],
    ([text = '']) => check(text),
  );
}

type Input = Pick<vscode.QuickPick<Item>, 'buttons' | 'onDidTriggerButton' | 'onDidAccept'> & vscode.QuickInput;

function run(
  input: Input,
  { title, step, totalSteps }: Place,
  current: () => readonly string[],
  accept: (value: readonly string[]) => boolean,
): Promise<Left> {
  input.title = plain(title);
  input.step = step;
  input.totalSteps = totalSteps;
  input.ignoreFocusOut = true;
  input.buttons = step > 1 ? [vscode.QuickInputButtons.Back] : [];
  return new Promise<Left>((resolve) => {
    const leave = (left: Left['left']) => {
      resolve({ left, value: current() });
      input.dispose();
    };
    input.onDidTriggerButton((button) => button === vscode.QuickInputButtons.Back && leave('back'));
    input.onDidAccept(() => accept(current()) && leave('next'));
    input.onDidHide(() => leave('cancelled'));
    input.show();
  });
}
