/** The document of the closure view. */

export interface PageParts {
  /** Where VS Code serves the extension's files from, as a source of a content security policy. */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
  /** New for each document. */
  readonly nonce: string;
}

/** The page: a script and a style sheet of this extension, and nothing from anywhere else, whatever a text in it may say. */
export function closurePage({ cspSource, script, style, nonce }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${style}">
    <title>Closure Audit</title>
  </head>
  <body>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>`;
}
